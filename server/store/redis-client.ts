import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import type { RedisTarget } from '#server/config/redis-target.ts'

export type RedisClient = Redis | Cluster

/**
 * `commands`: short ones, all that are sent in one turn together. `subscriber`: publish/subscribe. `reader`: waits in
 * Redis for what comes.
 */
export type RedisUse = 'commands' | 'subscriber' | 'reader'

/**
 * A client of ioredis that never keeps a command for later: what cannot be sent now fails now, and what was sent when
 * the connection broke is not sent again. Whoever asked decides what to do.
 */
export function createRedisClient(target: RedisTarget, use: RedisUse): RedisClient {
  const options = optionsFor(target, use)
  if (target.kind === 'single') return new Redis({ ...options, ...target.address, db: target.db })
  if (target.kind === 'sentinel') {
    return new Redis({
      ...options,
      sentinels: [...target.addresses],
      name: target.name,
      db: target.db,
      sentinelRetryStrategy: retryDelay,
      sentinelCommandTimeout: silenceMs,
      enableTLSForSentinelMode: target.tls,
    })
  }
  if (use === 'subscriber') return createClusterSubscriber(target.addresses, options)
  const { retryStrategy: _, enableOfflineQueue: __, ...redisOptions } = options
  return new Cluster([...target.addresses], {
    redisOptions,
    clusterRetryStrategy: retryDelay,
    enableAutoPipelining: use === 'commands',
    enableOfflineQueue: false,
    maxRedirections: 4,
    slotsRefreshTimeout: silenceMs,
  })
}

/** How long Redis may be silent while something is expected of it; then the connection is given up, in milliseconds. */
export const silenceMs = 3_000

function optionsFor(target: RedisTarget, use: RedisUse) {
  const { username, password, tls } = target
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    connectionName: `carillon-${use}`,
    connectTimeout: silenceMs,
    socketTimeout: silenceMs,
    commandTimeout: silenceMs + 2_000,
    keepAlive: 5_000,
    retryStrategy: retryDelay,
    maxLoadingRetryTime: 500,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: use === 'commands',
  } satisfies CommonRedisOptions & { tls?: object }
}

/** From 50 ms to 2 s, spread, so that the nodes do not all come at once. */
function retryDelay(attempt: number): number {
  const longest = Math.min(50 * 2 ** (attempt - 1), 2_000)
  return longest / 2 + Math.random() * (longest / 2)
}

/**
 * Any node of a cluster passes on what is published at the others, so one plain connection is enough. When it breaks the
 * next address is tried.
 */
function createClusterSubscriber(
  addresses: readonly { host: string; port: number }[],
  options: ReturnType<typeof optionsFor>,
): Redis {
  let next = 0
  const client: Redis = new Redis({
    ...options,
    ...addresses[0],
    retryStrategy(attempt: number) {
      next = (next + 1) % addresses.length
      Object.assign(client.options, addresses[next])
      return retryDelay(attempt)
    },
  })
  return client
}
