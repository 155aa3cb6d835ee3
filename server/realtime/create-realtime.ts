import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Broker } from '#server/broker/broker.ts'
import type { Bus } from '#server/broker/bus.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { createMetrics, type Metrics } from '#server/metrics/metrics.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'
import { createAccessRules, historyPolicy } from './access.ts'
import { createActiveChannels } from './active-channels.ts'
import { createClientDirectory } from './client-directory.ts'
import { createConnections } from './connections.ts'
import { createEmulation } from './emulation.ts'
import { createForwarding } from './forwarding.ts'
import { createHooks } from './hooks.ts'
import { createHub, type StreamPosition } from './hub.ts'
import { createIdentityCheck } from './identity-check.ts'
import { createInterest } from './interest.ts'
import { defaultLimits, type RealtimeLimits } from './limits.ts'
import { createNodes } from './nodes.ts'
import { createOnline } from './online.ts'
import { createPingers } from './pingers.ts'
import { createPositionChecker } from './position-check.ts'
import { broadcastAs, publishAs } from './publish.ts'
import type { Authenticator, Realtime } from './realtime.ts'
import { createRegistry } from './registry.ts'
import { createRevocations } from './revocations.ts'
import type { RpcHandler } from './rpc.ts'
import { createServerCalls } from './server-calls.ts'
import type { Services } from './services.ts'
import { createSharedReads } from './shared-reads.ts'
import { createSingleConnection } from './single-connection.ts'
import { createSteering } from './steering.ts'
import { createStreamEntrance } from './stream-entrance.ts'
import { createTaps } from './tap.ts'
import { createWebSocketEntrance } from './websocket-entrance.ts'
import type { WriteEach } from './write-batch.ts'
import { createWriteTurn } from './write-turn.ts'

export interface RealtimeOptions {
  readonly broker: Broker
  /** The other nodes; its id of this one is told to clients. */
  readonly bus: Bus
  /** What all nodes share and may forget. */
  readonly ephemeral: Ephemeral
  readonly authenticator: Authenticator
  readonly namespaces: readonly Namespace[]
  /** The policy of channels without a namespace. Default: there are none. */
  readonly withoutNamespace?: Namespace | undefined
  /** Whoever is not known to this server may do everything. Default false. */
  readonly insecure?: boolean
  readonly log: Logger
  /** What people call this node. Default the name of the machine. */
  readonly name?: string
  /** Carillon's version, told to clients. */
  readonly version: string
  /** By method name; looked up at each call, so that rooms above can add theirs. Default none. */
  readonly rpc?: ReadonlyMap<string, RpcHandler>
  /** Default one that nobody reads. */
  readonly metrics?: Metrics
  readonly limits?: Partial<RealtimeLimits>
  /** Everybody is subscribed to the own personal channel, `#ada`, when connecting. Default false. */
  readonly personalChannel?: boolean
  /** The namespace of personal channels. Default none. */
  readonly personalNamespace?: string | undefined
  /** A user's new connection closes the ones before it, with 3504. Default false. */
  readonly singleConnection?: boolean
  /** What writes to many sockets at once. Default none: Node writes to each. */
  readonly writeEach?: WriteEach | null
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}

export function createRealtime(options: RealtimeOptions): Realtime {
  const {
    broker,
    bus,
    ephemeral,
    authenticator,
    namespaces,
    log,
    clock = Date.now,
    rpc = new Map(),
    personalChannel = false,
    personalNamespace,
    metrics = createMetrics(),
  } = options
  const limits = { ...defaultLimits, ...options.limits }
  const turn = createWriteTurn(metrics, options.writeEach)
  const hub = createHub(turn, metrics.counts)
  const access = createAccessRules(options)
  const registry = createRegistry(log)
  const taps = createTaps({ ...registry, clock })
  const clients = createClientDirectory({ bus, registry, taps })
  const pingers = createPingers(limits)
  const singleConnection = createSingleConnection({ enabled: options.singleConnection ?? false, bus, registry, log })
  const version = `carillon ${options.version}`
  const hooks = createHooks({ log, hookMs: limits.hookMs })
  const services: Services = {
    broker,
    bus,
    authenticator,
    access,
    hooks,
    hub,
    interest: createInterest(broker),
    readHistory: createSharedReads(broker),
    turn,
    pingers,
    registry,
    metrics,
    taps,
    rpc,
    limits,
    personalPrefix: personalChannel ? `${personalNamespace === undefined ? '' : `${personalNamespace}:`}#` : null,
    singleConnection,
    log,
    clock,
    version,
  }
  const connections = createConnections(services)
  const stopSampling = metrics.sample(() => ({ ...connections.sample(), ...hub.size() }))
  const emulation = createEmulation(bus, createForwarding(clock))
  const positions = createPositionChecker({ hub, topOf, limits, log })
  const stopListening = broker.listen({
    publication: hub.publish,
    announcement: hub.announce,
    resumed: () => void positions.check(),
  })
  const online = createOnline({
    ...{ bus, ephemeral, registry, log, clock, offlineMs: limits.offlineMs },
    onChange: (change, person, time) => hooks.tell(change, `user ${person.user}`, { ...person, time }),
  })
  const steering = createSteering(services)
  const nodes = createNodes(services, { version: options.version, name: options.name ?? hostname() })
  const identityCheck = createIdentityCheck({ registry, authenticator, limits, log })
  const revocations = createRevocations({ bus, registry, identityCheck, log })
  let isClosing = false

  return {
    upgrade: createWebSocketEntrance(connections, registry),
    clients,
    mark: registry.mark,
    isFull: connections.isFull,
    stream: createStreamEntrance(connections, registry, emulation),
    emulate: emulation.take,
    publish: (by, request) => publishAs(services, by, request),
    broadcast: (by, request) => broadcastAs(services, by, request),
    calls: createServerCalls(services),
    steering,
    nodes,
    revoke: revocations.tell,
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
    mayAdmit(by, channel) {
      const admitted = access.admit(channel)
      if (!admitted.ok) return { ok: false, error: admitted.error }
      const may = access.inNamespace(by, 'subscribe', admitted.policy)
      return may ? { ok: true } : { ok: false, error: 'permissionDenied' }
    },
    activeChannels: createActiveChannels(nodes, hub.channels, clock),
    isOnline: online.isOnline,
    hooks,
    async [Symbol.asyncDispose]() {
      if (isClosing) return
      isClosing = true
      await connections.closeAll()
      await online[Symbol.asyncDispose]()
      await hooks[Symbol.asyncDispose]()
      emulation[Symbol.dispose]()
      positions[Symbol.dispose]()
      stopListening()
      revocations[Symbol.dispose]()
      identityCheck[Symbol.dispose]()
      singleConnection[Symbol.dispose]()
      stopSampling()
      clients[Symbol.dispose]()
      steering[Symbol.dispose]()
      nodes[Symbol.dispose]()
      pingers[Symbol.dispose]()
    },
  }

  async function topOf(channel: string): Promise<StreamPosition | null> {
    const policy = access.policyOf(channel)
    return policy ? broker.history(channel, historyPolicy(policy), { limit: 0 }) : null
  }
}
