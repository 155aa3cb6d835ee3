import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { channelName } from '#protocol/channel.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Broker } from '#server/broker/broker.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { createAccessRules, historyPolicy } from './access.ts'
import { Connection } from './connection.ts'
import { createHub, type StreamPosition } from './hub.ts'
import { createInterest } from './interest.ts'
import { defaultLimits, type RealtimeLimits } from './limits.ts'
import { createPinger } from './ping.ts'
import { createPositionChecker } from './position-check.ts'
import { publishAs } from './publish.ts'
import type { Authenticator, Realtime } from './realtime.ts'
import { createRegistry } from './registry.ts'
import type { RpcHandler } from './rpc.ts'
import { subscribeByServer, unsubscribeByServer } from './server-subscriptions.ts'
import type { Services } from './services.ts'
import { choosesJson, offersOnlyProtobuf } from './subprotocol.ts'
import { createWriteTurn } from './write-turn.ts'

export interface RealtimeOptions {
  readonly broker: Broker
  readonly authenticator: Authenticator
  readonly namespaces: readonly Namespace[]
  /** The policy of channels without a namespace. Default: there are none. */
  readonly withoutNamespace?: Namespace | undefined
  /** Whoever is not known to this server may do everything. Default false. */
  readonly insecure?: boolean
  readonly log: Logger
  /** Carillon's version, told to clients. */
  readonly version: string
  /** By method name; looked up at each call, so that rooms above can add theirs. Default none. */
  readonly rpc?: ReadonlyMap<string, RpcHandler>
  readonly limits?: Partial<RealtimeLimits>
  /** Everybody is subscribed to the own personal channel, `#ada`, when connecting. Default false. */
  readonly personalChannel?: boolean
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}

/** Four times what a command may be: beyond it `ws` closes with 1009, after which the SDK does not come back. */
const maxFrameBytes = 4 * 64 * 1024

export function createRealtime(options: RealtimeOptions): Realtime {
  const { broker, authenticator, namespaces, log, clock = Date.now, rpc = new Map(), personalChannel = false } = options
  const limits = { ...defaultLimits, ...options.limits }
  const turn = createWriteTurn()
  const hub = createHub(turn)
  const access = createAccessRules(options)
  const registry = createRegistry(log)
  const pinger = createPinger(limits)
  const version = `carillon ${options.version}`
  const services: Services = {
    ...{
      broker,
      authenticator,
      access,
      hub,
      interest: createInterest(broker),
      turn,
      pinger,
      registry,
      rpc,
      limits,
      personalChannel,
      log,
      clock,
      version,
    },
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    // Frames are written past `ws`, which is right only without it.
    perMessageDeflate: false,
    handleProtocols: choosesJson,
  })
  const connections = new Set<Connection>()
  const positions = createPositionChecker({ hub, topOf, limits, log })
  const stopListening = broker.listen({
    publication: hub.publish,
    announcement: hub.announce,
    resumed: () => void positions.check(),
  })
  let whenEmpty: (() => void) | undefined
  let isClosing = false

  return {
    upgrade,
    publish: (by, request) => publishAs(services, by, request),
    subscribe(userId, channel) {
      const policy = access.policyOf(channel)
      if (!policy) return { ok: false, error: 'unknownChannel' }
      if (!channelName.safeParse(channel).success) return { ok: false, error: 'badRequest' }
      for (const client of registry.clientsOf(userId)) {
        client.whenConnected(() => subscribeByServer(client, channel, policy))
      }
      return { ok: true }
    },
    unsubscribe(userId, channel) {
      for (const client of registry.clientsOf(userId)) {
        client.whenConnected(() => unsubscribeByServer(client, channel))
      }
    },
    revoke: registry.revoke,
    permissions: (by) =>
      namespaces.map((policy) => ({
        name: policy.name,
        subscribe: access.inNamespace(by, 'subscribe', policy) || (policy.device_own && by.kind === 'device'),
        publish: access.inNamespace(by, 'publish', policy),
        historySize: policy.history_size,
        historyTtlSeconds: policy.history_ttl,
      })),
    maySubscribe(by, channel) {
      const allowed = access.check(by, 'subscribe', channel)
      return allowed.ok ? { ok: true } : { ok: false, error: allowed.error }
    },
    activeChannels: hub.channels,
    isOnline: registry.isOnline,
    onPresence: registry.onPresence,
    async [Symbol.asyncDispose]() {
      if (isClosing) return
      isClosing = true
      await closeAll()
      positions[Symbol.dispose]()
      stopListening()
      pinger[Symbol.dispose]()
    },
  }

  async function topOf(channel: string): Promise<StreamPosition | null> {
    const policy = access.policyOf(channel)
    return policy ? broker.history(channel, historyPolicy(policy), { limit: 0 }) : null
  }

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, identity: Identity | null): void {
    const refusal = refusalOf(request)
    if (refusal) {
      refuseUpgrade(stream, refusal)
      return
    }
    const revocationMark = registry.mark()
    server.handleUpgrade(request, stream, head, (socket) => {
      const onGone = () => {
        connections.delete(connection)
        if (connections.size === 0) whenEmpty?.()
      }
      const connection = new Connection({ socket, stream, services, known: identity, revocationMark, onGone })
      connections.add(connection)
    })
  }

  function refusalOf(request: IncomingMessage): Refusal | null {
    if (isClosing) return { status: 503, sentence: 'The server is shutting down. Try again in a moment.' }
    if (connections.size >= limits.maxConnections) {
      return { status: 503, sentence: 'Too many connections. Try again later.' }
    }
    if (!offersOnlyProtobuf(request)) return null
    return { status: 400, sentence: 'Only the JSON encoding is spoken here: offer centrifuge-json or no protocol.' }
  }

  /** Spread over time, because every client comes back within a second or so. */
  async function closeAll(): Promise<void> {
    if (connections.size === 0) return
    const allGone = new Promise<void>((resolve) => {
      whenEmpty = resolve
    })
    const all = [...connections]
    const steps = Math.ceil(all.length / closesAStep)
    const pauseMs = Math.min(limits.shutdownSpreadMs / steps, 100)
    for (let step = 0; step < steps; step++) {
      for (const connection of all.slice(step * closesAStep, (step + 1) * closesAStep)) {
        connection.close(closeReasons.shutdown)
      }
      if (step + 1 < steps) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    // Each connection cuts its own socket after its grace; this is for what might be left all the same.
    const stragglers = setTimeout(() => {
      for (const connection of connections) connection.terminate()
    }, limits.closeGraceMs + 500)
    await allGone
    clearTimeout(stragglers)
  }
}

const closesAStep = 100

interface Refusal {
  readonly status: 400 | 503
  readonly sentence: string
}

function refuseUpgrade(stream: Duplex, { status, sentence }: Refusal): void {
  const title = status === 400 ? 'Bad Request' : 'Service Unavailable'
  // The client may be gone already; there is nobody left to tell.
  stream.on('error', () => {})
  stream.once('finish', () => stream.destroy())
  stream.end(
    `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
  )
}
