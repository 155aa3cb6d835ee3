import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { encodeTask, taskMessage } from '#server/tasks/celery/encode-task.ts'
import type { RabbitMqOfTest } from '../../test/support/rabbitmq.ts'
import type { RedisServerOfTest } from '../../test/support/redis.ts'
import { openPublishing } from './publishing.ts'
import { startWorkerOf, type WorkerKind } from './workers.ts'

export interface Throughput {
  /** Whose results are in Redis. */
  readonly tasksPerSecond: number
  /** Into a durable queue, persistent, confirmed: what the queue was filled with. */
  readonly publishedPerSecond: number
}

const patienceMs = 120_000
/** Of the tasks: until they are done it starts, connects and compiles. */
const warmUp = 0.2

/**
 * Of an empty task whose result is kept. The queue is full before the worker is started, and what is measured begins when
 * a fifth is done: so neither who fills it nor the start of the worker counts.
 */
export async function throughput(
  kind: WorkerKind,
  count: number,
  { rabbit, redis }: { readonly rabbit: RabbitMqOfTest; readonly redis: RedisServerOfTest },
): Promise<Throughput> {
  const queue = `bench_${kind}_${randomUUID()}`
  await redis.ask('flushall')
  const publishedPerSecond = await fill(rabbit.url, queue, count)
  await using worker = startWorkerOf[kind]({ broker: rabbit.url, redis: redis.url, queue })
  const [from, begun] = await whenDone(count * warmUp)
  const [until, ended] = await whenDone(count)
  return { tasksPerSecond: (until - from) / ((ended - begun) / 1000), publishedPerSecond }

  /** How many are done, and when that was seen. */
  async function whenDone(goal: number): Promise<readonly [done: number, at: number]> {
    const giveUpAt = performance.now() + patienceMs
    for (;;) {
      const done = Number(await redis.ask('dbsize'))
      const at = performance.now()
      if (done >= goal) return [done, at]
      if (at > giveUpAt) throw new Error(`The worker did ${done} of ${goal} tasks in time: ${worker.output()}`)
      await pause(20)
    }
  }
}

async function fill(url: string, queue: string, count: number): Promise<number> {
  await using publishing = await openPublishing(url, [queue])
  return await publishing.publish(
    Array.from({ length: count }, () => ({
      ...encodeTask(taskMessage({ id: randomUUID(), name: 'bench.empty' })),
      ...{ exchange: '', routingKey: queue },
    })),
  )
}
