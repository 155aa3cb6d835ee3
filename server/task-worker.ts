import { hostname } from 'node:os'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { openAmqp } from './amqp/amqp.ts'
import type { AmqpTarget } from './config/amqp.ts'
import type { Config } from './config/config.ts'
import { openRedis } from './store/redis.ts'
import { type CeleryWorker, createCeleryWorker } from './tasks/celery/worker/create-celery-worker.ts'
import { loadDefinitions } from './tasks/definitions/load-definitions.ts'
import { createTaskThreads } from './tasks/threads/task-threads.ts'

export interface TaskWorkerOptions {
  readonly config: Config
  readonly target: AmqpTarget
  /** Default the configuration's default queue and those that its tasks name. */
  readonly queues: readonly string[]
  /** `reports`, or `reports@host`. */
  readonly name: string | undefined
  readonly onShutdown: () => void
  readonly log: Logger
}

/**
 * A process that carries out tasks from RabbitMQ. It needs no server and no records: whoever has submitted a task learns
 * of it through Redis or the queue that the task names.
 *
 * @throws StoreError
 */
export async function startTaskWorker(options: TaskWorkerOptions): Promise<CeleryWorker> {
  const { config, target, queues, name, onShutdown, log } = options
  const { tasks: settings, redis_url, redis_prefix: prefix } = config
  await using parts = new AsyncDisposableStack()
  const definitions = await loadDefinitions(settings.folder)
  for (const { path, problem } of definitions.problems) log.error({ path, problem }, 'a module with tasks was refused')
  const threads = parts.use(createTaskThreads({ definitions, settings, log: log.child({ room: 'tasks' }) }))
  const redis =
    redis_url === undefined
      ? null
      : parts.use(await openRedis({ target: redis_url, prefix, log: log.child({ room: 'store' }) }))
  const node = nodeNameOf(name)
  const amqp = parts.use(openAmqp({ target, name: `worker ${node}`, log: log.child({ room: 'amqp' }) }))
  const worker = parts.use(
    createCeleryWorker({
      ...{ amqp, target, definitions, threads, settings, queues, node, onShutdown },
      redis: redis?.commands ?? null,
      version: packageJson.version,
      log: log.child({ room: 'tasks' }),
    }),
  )
  const running = parts.move()
  return { ...worker, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Celery's form. Without a name that of the process makes it different from others on this machine. */
function nodeNameOf(name: string | undefined): string {
  if (name?.includes('@')) return name
  return `${name ?? `carillon-${process.pid}`}@${hostname()}`
}
