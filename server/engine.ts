import type { Logger } from 'pino'
import type { Broker } from './broker/broker.ts'
import type { Bus } from './broker/bus.ts'
import { createLocalBus } from './broker/local-bus.ts'
import { createMemoryBroker } from './broker/memory-broker.ts'
import { openRedisBroker } from './broker/redis-broker.ts'
import { openRedisBus } from './broker/redis-bus.ts'
import type { Config } from './config/config.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Ephemeral } from './store/ephemeral.ts'
import { createMemoryEphemeral } from './store/memory-ephemeral.ts'
import { openRedis, type RedisStoreOptions } from './store/redis.ts'
import { createRedisEphemeral } from './store/redis-ephemeral.ts'
import type { Store } from './store/store.ts'

/** What the nodes of an installation share. The rooms above do not know which one they were given. */
export interface Engine extends AsyncDisposable {
  readonly broker: Broker
  readonly bus: Bus
  readonly ephemeral: Ephemeral
  /** Whether it answers now; found out within a second. */
  isUp(): Promise<boolean>
}

export interface EngineOptions {
  readonly config: Config
  readonly store: Pick<Store, 'path'>
  readonly metrics: Metrics
  readonly log: Logger
}

/**
 * Chooses what the configuration asks for. Parts are closed in reverse.
 *
 * @throws StoreError `redis_unreachable`, `redis_refused`
 */
export function openEngine({ config, store, metrics, log }: EngineOptions): Promise<Engine> {
  const { redis_url: target, redis_prefix: prefix, history_durability: durability } = config
  return target === undefined
    ? openMemoryEngine({ store, metrics, durability, log })
    : openRedisEngine({ target, prefix, log })
}

type MemoryOptions = Pick<EngineOptions, 'store' | 'metrics' | 'log'> & {
  readonly durability: Config['history_durability']
}

/** For one process that is all there is. */
async function openMemoryEngine({ store, metrics, durability, log }: MemoryOptions): Promise<Engine> {
  await using parts = new AsyncDisposableStack()
  const ephemeral = parts.use(createMemoryEphemeral())
  const bus = parts.use(createLocalBus({ log: log.child({ room: 'bus' }) }))
  const broker = parts.use(
    createMemoryBroker({
      store,
      metrics,
      durability,
      log: log.child({ room: 'broker' }),
    }),
  )
  const opened = parts.move()
  return { broker, bus, ephemeral, isUp: async () => true, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** For several nodes. */
export async function openRedisEngine(options: Pick<RedisStoreOptions, 'target' | 'prefix' | 'log'>): Promise<Engine> {
  const { log } = options
  await using parts = new AsyncDisposableStack()
  const redis = parts.use(await openRedis({ ...options, log: log.child({ room: 'store' }) }))
  const ephemeral = parts.use(createRedisEphemeral(redis))
  const bus = parts.use(await openRedisBus({ redis, log: log.child({ room: 'bus' }) }))
  const broker = parts.use(await openRedisBroker({ redis, log: log.child({ room: 'broker' }) }))
  const opened = parts.move()
  const isUp = () => succeeds(redis.commands.run((client) => client.ping()))
  return { broker, bus, ephemeral, isUp, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Whether something is done within a second. */
function succeeds(work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, 1_000, false)
  work.then(
    () => resolve(true),
    () => resolve(false),
  )
  return promise.finally(() => clearTimeout(timer))
}
