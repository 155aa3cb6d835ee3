import type { Logger } from 'pino'
import type { Amqp } from './amqp/amqp.ts'
import type { Config } from './config/config.ts'
import { openRedis } from './store/redis.ts'
import type { TaskTransport } from './tasks/transport.ts'

export interface TaskTransportOptions {
  readonly config: Pick<Config, 'tasks' | 'redis_url' | 'redis_prefix'>
  readonly amqp: Amqp
  /** What people call this node. */
  readonly name: string
  readonly log: Logger
}

/**
 * Workers behind RabbitMQ; results come by Redis where there is one.
 *
 * @throws StoreError
 */
export async function openTaskTransport(
  { config, amqp, name, log }: TaskTransportOptions,
  queues: readonly string[],
): Promise<TaskTransport> {
  const { redis_url: target, redis_prefix: prefix, tasks: settings } = config
  await using parts = new AsyncDisposableStack()
  const redis = target === undefined ? null : parts.use(await openRedis({ target, prefix, log }))
  // Loaded where it is used: most servers have no RabbitMQ.
  const { openCeleryTransport } = await import('./tasks/celery/client/open-celery-transport.ts')
  const transport = parts.use(await openCeleryTransport({ amqp, redis, settings, queues, node: name, log }))
  const opened = parts.move()
  return { ...transport, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
