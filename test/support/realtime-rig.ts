import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { SubscriptionGrant, VerifiedConnection, VerifiedSubscription } from '#server/auth/auth.ts'
import type { ExternalIdentity, Identity, SocketIdentity } from '#server/auth/identity.ts'
import type { Broker } from '#server/broker/broker.ts'
import { createLocalBus } from '#server/broker/local-bus.ts'
import { createMemoryBroker, type MemoryBrokerOptions } from '#server/broker/memory-broker.ts'
import { defaultNamespaces, namespaces } from '#server/config/namespaces.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedisEngine } from '#server/engine.ts'
import { createStreams } from '#server/http/streams.ts'
import { createUpgrade } from '#server/http/upgrade.ts'
import { createMetrics, type Metrics } from '#server/metrics/metrics.ts'
import { createRealtime, type RealtimeOptions } from '#server/realtime/create-realtime.ts'
import type { Authenticator, Realtime } from '#server/realtime/realtime.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { openStore } from '#server/store/store.ts'

/** The realtime server on a real HTTP server and a real database file, ended with the test. Only identity is made up. */
export interface RealtimeRig {
  readonly url: string
  /** The same server over HTTP. */
  readonly httpUrl: string
  readonly realtime: Realtime
  readonly broker: Broker
  readonly identities: Identities
  readonly metrics: Metrics
  /** The database file. */
  readonly path: string
  /** Lines of the log so far. */
  readonly logged: readonly string[]
  /** Closes everything in order and waits for it. */
  stop(): Promise<void>
  /** Cuts everything that goes over HTTP, as a network that fails. */
  cutStreams(): void
  /** Stops, and starts another one on the same address and file. */
  restart(): Promise<void>
  /** Publishes as the server itself and answers the offset. */
  publish(channel: string, data: unknown, tags?: Readonly<Record<string, string>>): Promise<number>
}

export interface RigOptions
  extends Partial<
    Pick<
      RealtimeOptions,
      | 'rpc'
      | 'limits'
      | 'clock'
      | 'personalChannel'
      | 'personalNamespace'
      | 'singleConnection'
      | 'insecure'
      | 'withoutNamespace'
      | 'bus'
      | 'ephemeral'
    >
  > {
  readonly namespaces?: RealtimeOptions['namespaces']
  readonly broker?: Partial<MemoryBrokerOptions>
  /** Where the HTTP edge says that every client is. Default loopback. */
  readonly address?: string
  /** Of the Redis that this node shares with others. By default it is alone. */
  readonly redisUrl?: string
  /** What stands between the realtime server and its broker. */
  readonly through?: (broker: Broker) => Broker
  /** Whom the HTTP edge knows behind every request that opens a connection. */
  readonly known?: Identity | (() => Promise<Identity>)
}

/** `news` as it comes, `open` for everybody without history, `small` keeps five, `talk` tells who comes and goes. */
export const rigNamespaces = [
  ...defaultNamespaces.filter(({ name }) => name === 'news'),
  ...namespaces.parse([
    {
      name: 'commands',
      history_size: 100,
      history_ttl: '1h',
      force_recovery: true,
      device_own: true,
      publish_roles: ['admin'],
    },
    {
      name: 'small',
      history_size: 5,
      history_ttl: '1h',
      force_recovery: true,
      subscribe_roles: ['viewer'],
      publish_roles: ['viewer'],
    },
    {
      name: 'filtered',
      history_size: 5,
      history_ttl: '1h',
      force_recovery: true,
      allow_tags_filter: true,
      subscribe_roles: ['viewer'],
    },
    {
      name: 'delta',
      history_size: 5,
      history_ttl: '1h',
      force_recovery: true,
      allowed_delta_types: ['fossil'],
      subscribe_roles: ['viewer'],
    },
    {
      name: 'cache',
      history_size: 5,
      history_ttl: '1h',
      force_recovery: true,
      force_recovery_mode: 'cache',
      allow_tags_filter: true,
      subscribe_roles: ['viewer'],
    },
    { name: 'placed', history_size: 5, history_ttl: '1h', force_positioning: true, subscribe_roles: ['viewer'] },
    { name: 'open', subscribe_roles: ['viewer', 'operator'], publish_roles: ['viewer', 'operator'] },
    {
      name: 'talk',
      presence: true,
      join_leave: true,
      subscribe_roles: ['viewer', 'operator'],
      publish_roles: ['viewer'],
    },
  ]),
]

export async function startRealtime(options: RigOptions = {}): Promise<RealtimeRig> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-realtime-'))
  const path = join(folder, 'carillon.sqlite')
  const identities = createIdentities()
  const logged: string[] = []
  const metrics = createMetrics()
  let parts = await start(0)
  const { port } = parts.server.address() as AddressInfo
  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true })
  })

  return {
    url: `ws://127.0.0.1:${port}/connection/websocket`,
    httpUrl: `http://127.0.0.1:${port}`,
    identities,
    metrics,
    path,
    logged,
    get realtime() {
      return parts.realtime
    },
    get broker() {
      return parts.broker
    },
    stop,
    cutStreams: () => parts.server.closeAllConnections(),
    async restart() {
      await stop()
      parts = await start(port)
    },
    async publish(channel, data, tags) {
      const outcome = await parts.realtime.publish(local, { channel, data, ...(tags && { tags }) })
      if (!outcome.ok) throw new Error(outcome.message)
      return outcome.offset
    },
  }

  async function start(onPort: number) {
    const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
    const store = await openStore({ path })
    const engine =
      options.redisUrl === undefined
        ? null
        : await openRedisEngine({ target: redisUrl.parse(options.redisUrl), prefix: 'carillon', log })
    const own = engine?.broker ?? createMemoryBroker({ store, log, ...options.broker })
    const broker = options.through?.(own) ?? own
    const realtime = createRealtime({
      broker,
      bus: options.bus ?? engine?.bus ?? createLocalBus({ log }),
      ephemeral: options.ephemeral ?? engine?.ephemeral ?? createMemoryEphemeral(),
      authenticator: identities,
      metrics,
      namespaces: options.namespaces ?? rigNamespaces,
      log,
      version: '0.0',
      ...(options.rpc && { rpc: options.rpc }),
      ...(options.limits && { limits: options.limits }),
      ...(options.clock && { clock: options.clock }),
      ...(options.personalChannel !== undefined && { personalChannel: options.personalChannel }),
      ...(options.personalNamespace !== undefined && { personalNamespace: options.personalNamespace }),
      ...(options.singleConnection !== undefined && { singleConnection: options.singleConnection }),
      ...(options.insecure !== undefined && { insecure: options.insecure }),
      ...(options.withoutNamespace && { withoutNamespace: options.withoutNamespace }),
    })
    const server = createServer()
    const { known = null } = options
    const recognize = async () => (typeof known === 'function' ? known() : known)
    const addressOf = () => options.address ?? '127.0.0.1'
    const isAllowedOrigin = (origin: string) => origin === 'https://allowed.example.org'
    const edge = { realtime, recognize, addressOf, isAllowedOrigin, refusesForeignPages: false, log }
    server.on('upgrade', createUpgrade(edge))
    const streams = createStreams(edge)
    server.on('request', (request, response) => {
      if (streams(request, response) === null) response.writeHead(404).end()
    })
    server.listen(onPort, '127.0.0.1')
    await once(server, 'listening')
    return { store, engine, broker, realtime, server }
  }

  async function stop(): Promise<void> {
    const { server, realtime, broker, engine, store } = parts
    if (!server.listening) return
    const closed = closeServer(server)
    await realtime[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
    await engine?.[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await closed
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  await closed
}

const local: Identity = { kind: 'local', userId: 'local', name: 'the test', role: 'admin' }

/** Who is who in a test: tokens and tickets that stand for made-up people. */
export interface Identities extends Authenticator {
  /**
   * A token for this identity, for `seconds` from now; expired from the start when that is negative, and for ever when it
   * is null.
   */
  token(identity: SocketIdentity, seconds?: number | null, grants?: readonly TestGrant[]): string
  /** A token for one channel, with the same meaning of `seconds`. */
  subscriptionToken(admission: TestGrant & { userId: string; client?: string }, seconds?: number | null): string
  /** Nobody is this user any more, and nobody is told. */
  forget(userId: string): void
  /** Works once. */
  ticket(identity: Identity): string
  /** Makes every question wait until the returned function is called. */
  hold(): () => void
}

export type TestGrant = Pick<SubscriptionGrant, 'channel'> & Partial<SubscriptionGrant>

export function createIdentities(): Identities {
  const tokens = new Map<string, Extract<VerifiedConnection, { ok: true }>>()
  const admissions = new Map<string, Extract<VerifiedSubscription, { ok: true }>>()
  const tickets = new Map<string, Identity>()
  const forgotten = new Set<string>()
  let gate: Promise<void> = Promise.resolve()
  let count = 0

  return {
    token(identity, seconds = 300, grants = []) {
      const token = `jwt.${++count}.secret`
      tokens.set(token, { ok: true, identity, expiresAt: secondsFromNow(seconds), grants: grants.map(grantOf) })
      return token
    },
    subscriptionToken({ userId, client = null, ...grant }, seconds = 300) {
      const token = `jwt.${++count}.secret`
      admissions.set(token, { ok: true, userId, client, expiresAt: secondsFromNow(seconds), grant: grantOf(grant) })
      return token
    },
    ticket(identity) {
      const ticket = `tkt_${++count}_secret`
      tickets.set(ticket, identity)
      return ticket
    },
    forget: (userId) => void forgotten.add(userId),
    current: async (identity) => (forgotten.has(identity.userId) ? null : identity),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    async verifyConnectionToken(token) {
      await gate
      return inTime(tokens.get(token))
    },
    async verifySubscriptionToken(token) {
      await gate
      return inTime(admissions.get(token))
    },
    async redeemTicket(ticket) {
      await gate
      const identity = tickets.get(ticket) ?? null
      tickets.delete(ticket)
      return identity
    },
  }
}

function secondsFromNow(seconds: number | null): number | null {
  return seconds === null ? null : Math.floor(Date.now() / 1000) + seconds
}

function grantOf({ channel, info = null, data = null, override = {} }: TestGrant): SubscriptionGrant {
  return { channel, info, data, override }
}

function inTime<T extends { readonly expiresAt: number | null }>(known: T | undefined) {
  if (!known) return { ok: false, reason: 'invalid' } as const
  const isOver = known.expiresAt !== null && known.expiresAt * 1000 <= Date.now()
  return isOver ? ({ ok: false, reason: 'expired' } as const) : known
}

/** A user of the site, of whom the server has no records. */
export function external(userId: string, info: unknown = null): ExternalIdentity {
  const text = info === null ? null : JSON.stringify(info)
  return { kind: 'external', userId, name: userId, info: text, meta: undefined }
}

/** Somebody with this role. */
export function person(name: string, role: 'admin' | 'operator' | 'viewer' = 'viewer'): Identity {
  return { kind: 'user', userId: name, sessionId: `session-of-${name}`, name, email: `${name}@example.org`, role }
}

export function device(name: string): Identity {
  const own = { id: `id-of-${name}`, name }
  return {
    kind: 'device',
    userId: `device-${name}`,
    sessionId: `session-of-${name}`,
    name,
    role: 'device',
    device: own,
  }
}
