import type { Logger } from 'pino'
import type { TaskError } from '#protocol/tasks.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { Definitions } from '../definitions/load-definitions.ts'
import type { TaskHost } from './host.ts'
import type { AbortReason } from './messages.ts'
import { type ProcessEnd, startTaskProcess, type TaskProcess } from './task-process.ts'
import type { LimitedOrder } from './thread-pool.ts'

/**
 * Threads that carry out tasks: those of a server and those of `carillon worker`. They are in a process of their own, as
 * V8 ends the whole process where a thread wants too much memory at once.
 */
export interface TaskThreads extends AsyncDisposable {
  readonly concurrency: number
  /**
   * Runs it to its end. Aborting the signal asks it to end, with the reason as an `AbortReason`; one that has not ended
   * some seconds later is ended. Of more than `concurrency` the later ones wait for a thread.
   */
  run(order: TaskOrder, host: TaskHost, signal: AbortSignal): Promise<TaskOutcome>
}

export interface TaskOrder {
  readonly id: string
  readonly name: string
  /** JSON text of an object or a list. */
  readonly args: string
  /** From 1. */
  readonly try: number
  /** In seconds, instead of those of its definition. */
  readonly softLimit?: number
  readonly hardLimit?: number
}

export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | {
      readonly kind: 'failed'
      readonly error: TaskError
      /** Another try is of no use, whatever its policy. */
      readonly isFinal: boolean
      readonly trace: string | null
      /** Of an error that has `args`, as those of Python have. */
      readonly args?: readonly unknown[]
    }
  /** It was asked to end, and did or was ended. */
  | { readonly kind: 'aborted'; readonly reason: AbortReason }

export interface TaskThreadsOptions {
  readonly definitions: Definitions
  readonly settings: Pick<TaskSettings, 'concurrency' | 'memory' | 'soft_limit' | 'hard_limit' | 'max_result'>
  readonly log: Logger
  /** How long one that was cancelled may take to end, in milliseconds. Default 5,000. */
  readonly cancelGraceMs?: number
}

export function createTaskThreads(options: TaskThreadsOptions): TaskThreads {
  const { definitions, settings, log, cancelGraceMs = 5_000 } = options
  const concurrency = Math.max(1, settings.concurrency)
  const { modules } = definitions
  const all = new Set<TaskProcess>()
  let shared: TaskProcess | undefined
  let isClosed = false
  let lastAlone: Promise<unknown> = Promise.resolve()

  function start(threads: number): TaskProcess {
    const { memory, max_result } = settings
    const started = startTaskProcess({
      settings: { concurrency: threads, memory, max_result },
      modules,
      cancelGraceMs,
      log,
    })
    all.add(started)
    void started.ended.then(() => all.delete(started))
    return started
  }

  /** Started when there is first need of it: many servers have no tasks. */
  function sharedProcess(): TaskProcess {
    if (shared?.isUp()) return shared
    shared = start(concurrency)
    return shared
  }

  async function runIn(where: TaskProcess, order: LimitedOrder, host: TaskHost, signal: AbortSignal) {
    try {
      return await where.run(order, host, signal)
    } finally {
      if (where !== shared) await where[Symbol.asyncDispose]()
    }
  }

  /** Some had been sent ahead: not a process for each of them at the same time. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const done = lastAlone.then(work)
    lastAlone = done.catch(() => {})
    return done
  }

  return {
    concurrency,
    async run(order, host, signal) {
      const definition = definitions.byName.get(order.name)
      const limited: LimitedOrder = {
        ...order,
        softLimit: order.softLimit ?? definition?.softLimit ?? settings.soft_limit,
        hardLimit: order.hardLimit ?? definition?.hardLimit ?? settings.hard_limit,
      }
      const outcome = await runIn(sharedProcess(), limited, host, signal)
      if (outcome.kind !== 'process_ended') return outcome
      if (isClosed || signal.aborted) return { kind: 'aborted', reason: isClosed ? 'stopping' : reasonOf(signal) }
      // One of those that ran at the same time was it. Which one is seen when each runs by itself.
      if (outcome.ranAlone || definition?.acknowledge === 'early') return ofEnd(outcome, settings.memory)
      log.warn({ task: order.id, name: order.name }, 'the process of this task has ended: it runs again by itself')
      const again = await alone(() => runIn(start(1), limited, host, signal))
      if (again.kind !== 'process_ended') return again
      return isClosed ? { kind: 'aborted', reason: 'stopping' } : ofEnd(again, settings.memory)
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await Promise.all([...all].map((one) => one[Symbol.asyncDispose]()))
    },
  }
}

function reasonOf({ reason }: AbortSignal): AbortReason {
  return reason === 'stopping' ? 'stopping' : 'cancelled'
}

/** V8 aborts where there is no memory, and Linux kills. */
const forWantOfMemory: readonly unknown[] = ['SIGABRT', 'SIGKILL', 'SIGTRAP', 134]

function ofEnd({ how }: ProcessEnd, memory: number): TaskOutcome {
  const error = forWantOfMemory.includes(how)
    ? {
        type: 'out_of_memory',
        message: `It needed more memory than the ${memory} MiB of a thread (tasks.memory), and its process was ended.`,
      }
    : { type: 'worker_exited', message: `The process that it ran in has ended (${how}).` }
  return { kind: 'failed', error, isFinal: true, trace: null }
}
