import type { Logger } from 'pino'
import type { SentTask, TaskNews } from '../../transport.ts'
import { decodeError } from '../exceptions.ts'
import type { TaskResult } from '../result-document.ts'
import { isFinalStatus } from '../states.ts'
import { begunBy, newsOf, type Phase } from './news-of.ts'
import { createTold } from './told.ts'

/** Tasks that were handed over, until they have ended. */
export interface Following extends Disposable {
  follow(task: SentTask): void
  /** It is not to be handed over after all. */
  forget(id: string): void
  ids(): Iterable<string>
  phaseOf(id: string): Phase['kind'] | null
  /** Resolves when it has been told, or was of no use. */
  heard(result: TaskResult): Promise<void>
  /** A worker says that it runs it. */
  begun(id: string, worker: string): void
  fail(id: string, type: string, message: string): Promise<void>
  onNews(listener: (news: TaskNews) => Promise<void>): void
}

export interface FollowingOptions {
  readonly maxResult: number
  /** How long a task may run that does not say otherwise, in milliseconds. */
  readonly hardLimitMs: number
  /** How long results are kept: what is not heard of for that long never will be. */
  readonly keepMs: number
  /** How long after its time news of a task may come, in milliseconds. */
  readonly marginMs: number
  /** Looks once more before a task is given up. */
  readonly lookAgain: (ids: readonly string[]) => Promise<void>
  /** It has ended: nobody need listen for it. */
  readonly onEnded: (id: string) => void
  readonly clock?: () => number
  readonly log: Logger
}

interface Followed {
  readonly task: SentTask
  phase: Phase
  /** What is told of it, one after the other. */
  telling: Promise<void>
  /** States that wait to be told. */
  waiting: number
  isLast: boolean
}

interface Step {
  readonly news: readonly TaskNews[]
  readonly phase: Phase
}

export function createFollowing(options: FollowingOptions): Following {
  const { maxResult, hardLimitMs, keepMs, marginMs, lookAgain, onEnded, clock = Date.now, log } = options
  const followed = new Map<string, Followed>()
  const told = createTold(log)
  let isSweeping = false
  const timer = setInterval(() => void sweep(), Math.min(sweepMs, marginMs)).unref()

  return {
    follow: (task) => void entryOf(task.id, task),
    forget(id) {
      followed.delete(id)
      onEnded(id)
    },
    ids: () => followed.keys(),
    phaseOf: (id) => followed.get(id)?.phase.kind ?? null,
    heard(result) {
      // Also of tasks from before a restart that are not followed yet: the records know them.
      const entry = entryOf(result.id)
      const isLast = isFinalStatus(result.status)
      // Where whoever is told is slow, what is in between is left out.
      if (entry.isLast || (!isLast && entry.waiting >= maxWaiting)) return entry.telling
      entry.isLast = isLast
      return tell(entry, () => {
        if (isLast) logTrace(result)
        return newsOf(result, entry.phase, { now: clock(), maxResult })
      })
    },
    begun(id, worker) {
      const entry = followed.get(id)
      if (entry === undefined || entry.phase.kind !== 'waiting' || entry.isLast || entry.waiting > 0) return
      void tell(entry, () => begunBy(worker, id, entry.phase, clock()))
    },
    fail,
    onNews: told.listen,
    [Symbol.dispose]() {
      clearInterval(timer)
      told[Symbol.dispose]()
      followed.clear()
    },
  }

  function fail(id: string, type: string, message: string): Promise<void> {
    const entry = entryOf(id)
    if (entry.isLast) return entry.telling
    entry.isLast = true
    const news: TaskNews = { kind: 'failed', id, error: { type, message } }
    return tell(entry, () => ({ news: [news], phase: { kind: 'ended' } }))
  }

  function entryOf(id: string, given?: SentTask): Followed {
    const known = followed.get(id)
    if (known !== undefined) return known
    const task = given ?? { id, startAt: clock(), expiresAt: null, startedAt: null, worker: null }
    const { startedAt, worker } = task
    const phase: Phase =
      startedAt === null ? { kind: 'waiting' } : { kind: 'running', worker: worker ?? '', since: startedAt }
    const entry = { task, phase, telling: Promise.resolve(), waiting: 0, isLast: false }
    followed.set(id, entry)
    return entry
  }

  function tell(entry: Followed, make: () => Step): Promise<void> {
    entry.waiting += 1
    entry.telling = entry.telling.then(async () => {
      const { news, phase } = attempt(make, entry.task.id)
      entry.phase = phase
      for (const each of news) await told.tell(each)
      entry.waiting -= 1
      if (phase.kind !== 'ended') return
      followed.delete(entry.task.id)
      onEnded(entry.task.id)
    })
    return entry.telling
  }

  function attempt(make: () => Step, id: string): Step {
    try {
      return make()
    } catch (error) {
      log.warn({ err: error, task: id }, 'a result cannot be read')
      const message = 'What its worker has stored as its result cannot be read. Return plain JSON.'
      return { news: [{ kind: 'failed', id, error: { type: 'result_unreadable', message } }], phase: { kind: 'ended' } }
    }
  }

  /** Every task that was accepted has an end, also one whose worker, or whose result, is lost. */
  async function sweep(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    try {
      const late = [...followed.values()].filter(isLate)
      if (late.length === 0) return
      await lookAgain(late.map(({ task }) => task.id))
      for (const entry of late) if (!entry.isLast && entry.waiting === 0 && isLate(entry)) void giveUp(entry)
    } catch (error) {
      log.warn({ err: error }, 'overdue tasks are looked for later')
    } finally {
      isSweeping = false
    }
  }

  function isLate({ phase, task }: Followed): boolean {
    return clock() > dueAt(phase, task) + marginMs
  }

  function dueAt(phase: Phase, { startAt, expiresAt, hardLimit }: SentTask): number {
    if (phase.kind === 'running') return phase.since + (hardLimit === undefined ? hardLimitMs : hardLimit * 1000)
    if (phase.kind === 'waiting') return expiresAt ?? startAt + keepMs
    return phase.kind === 'retrying' ? phase.since + keepMs : Number.POSITIVE_INFINITY
  }

  function giveUp({ task: { id, expiresAt }, phase }: Followed): Promise<void> {
    if (phase.kind === 'waiting' && expiresAt !== null) {
      const entry = entryOf(id)
      entry.isLast = true
      return tell(entry, () => ({ news: [{ kind: 'expired', id }], phase: { kind: 'ended' } }))
    }
    log.warn({ task: id, phase: phase.kind }, 'a task was given up: nothing is heard of it')
    return fail(id, 'result_lost', phase.kind === 'running' ? lostWhileRunning : lostWhileWaiting)
  }

  /** Paths and code are for whoever keeps the server, and for nobody else. */
  function logTrace({ id, status, result, traceback }: TaskResult): void {
    if (status !== 'FAILURE') return
    const { type, module } = decodeError(result) ?? {}
    log.info({ task: id, type, module, traceback }, 'a task failed at a worker')
  }
}

const sweepMs = 5_000
const maxWaiting = 20
const lostWhileRunning =
  'Its worker has not told how it ended within the hard time limit. Look at the log of the worker, and submit the task again.'
const lostWhileWaiting =
  'No worker has told anything of it for as long as results are kept. Start a worker of its queue that stores results, and submit the task again.'
