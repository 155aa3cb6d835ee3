import { z } from 'zod'
import type { TaskWorkerView } from '#protocol/tasks.ts'

/** Workers behind RabbitMQ, as they have made themselves known. Whoever reaches it can write what is read here. */
export interface WorkerList {
  /** Answers whether it is new. */
  heartbeat(event: WorkerEvent): boolean
  /** What it has answered; answers what is new about tasks that it runs. */
  answered(worker: string, method: string, reply: unknown): readonly RunningTask[]
  views(): readonly TaskWorkerView[]
  /** All names of tasks that any of them ever knew. */
  names(): ReadonlySet<string>
  queues(): ReadonlySet<string>
}

export interface RunningTask {
  readonly id: string
  readonly name: string
  readonly startedAt: string | null
}

export const workerEvent = z.looseObject({
  type: z.enum(['worker-online', 'worker-heartbeat', 'worker-offline']),
  hostname: z.string().min(1).max(255),
  freq: z.number().positive().max(3600).nullish().catch(null),
  sw_ident: z.string().max(100).nullish().catch(null),
})
export type WorkerEvent = z.infer<typeof workerEvent>

interface Seen {
  kind: TaskWorkerView['kind']
  seenAt: number
  /** How long it may be silent, in milliseconds. */
  silenceMs: number
  concurrency: number | null
  queues: readonly string[]
  running: readonly RunningTask[]
}

const listOf = <T extends z.ZodType>(item: T) => z.array(item.nullable().catch(null)).max(100_000)
const registered = listOf(z.string().max(500))
const active = listOf(z.looseObject({ id: z.string().max(255), name: z.string().max(255), time_start: z.unknown() }))
const activeQueues = listOf(z.looseObject({ name: z.string().max(255) }))
const stats = z.looseObject({ pool: z.looseObject({ 'max-concurrency': z.int().min(0) }) })

export function createWorkerList(clock: () => number = Date.now): WorkerList {
  const workers = new Map<string, Seen>()
  const names = new Set<string>()
  return {
    heartbeat({ type, hostname, freq, sw_ident }) {
      if (type === 'worker-offline') {
        workers.delete(hostname)
        return false
      }
      const isNew = !isAlive(workers.get(hostname))
      const worker = see(hostname)
      if (worker === null) return false
      if (typeof sw_ident === 'string') worker.kind = sw_ident === 'carillon' ? 'carillon' : 'celery'
      // Celery's monitors give up after twice that; one that is busy may be late.
      if (typeof freq === 'number') worker.silenceMs = Math.max(leastSilenceMs, freq * 5000)
      return isNew || type === 'worker-online'
    },
    answered(hostname, method, reply) {
      const worker = see(hostname)
      if (worker === null) return []
      if (method === 'registered') {
        // With further facts in brackets: `py.add [rate_limit=10/m]`.
        for (const text of given(registered, reply)) remember(text.split(' ')[0] ?? '')
      } else if (method === 'active_queues') {
        worker.queues = given(activeQueues, reply).map(({ name }) => name)
      } else if (method === 'stats') {
        worker.concurrency = stats.safeParse(reply).data?.pool['max-concurrency'] ?? null
      } else if (method === 'active') {
        worker.running = given(active, reply).map(({ id, name, time_start: at }) => ({
          ...{ id, name },
          startedAt: startOf(at),
        }))
        return worker.running
      }
      return []
    },
    views() {
      for (const [name, worker] of workers) if (!isAlive(worker)) workers.delete(name)
      return [...workers].map(([name, { kind, concurrency, queues, running, seenAt }]) => ({
        ...{ name, kind, concurrency, queues: [...queues], running: [...running] },
        seenAt: new Date(seenAt).toISOString(),
      }))
    },
    names: () => names,
    queues: () => new Set([...workers.values()].flatMap(({ queues }) => queues)),
  }

  /** Null where there are too many of them to be true. */
  function see(hostname: string): Seen | null {
    const known = workers.get(hostname)
    if (known !== undefined && isAlive(known)) {
      known.seenAt = clock()
      return known
    }
    if (known === undefined && workers.size >= maxWorkers) return null
    const seen: Seen = {
      ...{ kind: 'celery', seenAt: clock(), silenceMs: silentMs, concurrency: null, queues: [], running: [] },
    }
    workers.set(hostname, seen)
    return seen
  }

  function isAlive(worker: Seen | undefined): boolean {
    return worker !== undefined && clock() - worker.seenAt <= worker.silenceMs
  }

  function remember(name: string): void {
    if (name !== '' && name.length <= 200 && names.size < maxNames) names.add(name)
  }
}

/** Of one that sends no heartbeats and only answers: it is asked every half minute. */
const silentMs = 75_000
const leastSilenceMs = 10_000
const maxWorkers = 10_000
const maxNames = 20_000

/** Those of a list that are of the right form. */
function given<T>(schema: z.ZodType<(T | null)[]>, reply: unknown): T[] {
  return (schema.safeParse(reply).data ?? []).filter((item): item is T => item !== null)
}

/** Seconds since 1970. Python before 4 gives those of a clock that begins elsewhere. */
function startOf(time: unknown): string | null {
  if (typeof time !== 'number' || time < 1e9 || time > 1e11) return null
  return new Date(time * 1000).toISOString()
}
