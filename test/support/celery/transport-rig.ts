import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { expect, vi } from 'vitest'
import { type Amqp, openAmqp } from '#server/amqp/amqp.ts'
import { amqpUrl } from '#server/config/amqp.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { taskSettings } from '#server/config/tasks.ts'
import { openRedis } from '#server/store/redis.ts'
import { openCeleryTransport } from '#server/tasks/celery/client/open-celery-transport.ts'
import type { QueuedTask, TaskNews, TaskTransport } from '#server/tasks/transport.ts'

/** The server's side of Celery without the server: what it is told of tasks is kept. */
export interface TransportRig extends AsyncDisposable {
  readonly transport: TaskTransport
  readonly amqp: Amqp
  /** What was told of one task, in order. */
  newsOf(id: string): readonly TaskNews[]
  kindsOf(id: string): readonly TaskNews['kind'][]
  /** Hands over a task with these arguments and answers its id. */
  send(name: string, args: unknown, more?: Partial<QueuedTask>): Promise<string>
  /** How it ended. */
  endOf(id: string, timeoutMs?: number): Promise<TaskNews>
  /** Lines of the log so far. */
  readonly logged: readonly string[]
}

export interface TransportRigOptions {
  readonly broker: string
  /** Without it results come through the reply queue. */
  readonly redis?: string
  readonly queue?: string
  /** Further ones that tasks of its own go to. */
  readonly queues?: readonly string[]
  readonly node?: string
  readonly marginMs?: number
  /** `tasks` of the configuration. */
  readonly tasks?: Readonly<Record<string, unknown>>
}

const finalKinds: readonly TaskNews['kind'][] = ['succeeded', 'failed', 'cancelled', 'expired']

export async function openTransportRig(options: TransportRigOptions): Promise<TransportRig> {
  const {
    broker,
    redis: redisAddress,
    queue = 'celery',
    queues = [],
    node = `test_${randomUUID()}`,
    marginMs,
    tasks = {},
  } = options
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const told: TaskNews[] = []
  await using parts = new AsyncDisposableStack()
  const redis =
    redisAddress === undefined
      ? null
      : parts.use(await openRedis({ target: redisUrl.parse(redisAddress), prefix: 'test:', log }))
  const amqp = parts.use(openAmqp({ target: amqpUrl.parse(broker), name: node, log }))
  const transport = parts.use(
    await openCeleryTransport({
      ...{ amqp, redis, settings: taskSettings.parse(tasks), queues: [queue, ...queues], node, log },
      ...(marginMs !== undefined && { marginMs }),
    }),
  )
  transport.onNews(async (news) => void told.push(news))
  expect(await amqp.publishing.whenUp(20_000)).toBe(true)
  const opened = parts.move()
  const newsOf = (id: string) => told.filter((news) => news.id === id)

  return {
    ...{ transport, amqp, logged, newsOf },
    kindsOf: (id) => newsOf(id).map(({ kind }) => kind),
    async send(name, args, more = {}) {
      const id = more.id ?? randomUUID()
      const task: QueuedTask = {
        ...{ id, name, args: JSON.stringify(args), queue, priority: 0, startAt: Date.now(), expiresAt: null, tries: 0 },
        ...{ parentId: null, ownerId: null },
        ...more,
      }
      // Its channels are there a moment after the connection is.
      await vi.waitFor(() => transport.send(task), { timeout: 20_000 })
      return id
    },
    async endOf(id, timeoutMs = 20_000) {
      const end = () => newsOf(id).find(({ kind }) => finalKinds.includes(kind))
      await expect.poll(end, { timeout: timeoutMs, interval: 20 }).toBeDefined()
      return end() as TaskNews
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
