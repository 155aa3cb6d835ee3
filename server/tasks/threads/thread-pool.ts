import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { Piscina } from 'piscina'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { ThreadHost } from './host.ts'
import { type KeptThread, keepThread } from './kept-thread.ts'
import type { AbortReason, ThreadData, ThreadPort } from './messages.ts'
import type { Run, RunEnd } from './run.ts'
import type { TaskOrder, TaskOutcome } from './task-threads.ts'

export interface ThreadPoolOptions {
  readonly settings: Pick<TaskSettings, 'concurrency' | 'memory' | 'max_result'>
  readonly modules: readonly string[]
  readonly log: Pick<Logger, 'warn'>
  readonly cancelGraceMs: number
}

/** Where everything about the run is settled already. */
export interface LimitedOrder extends TaskOrder {
  readonly softLimit: number
  readonly hardLimit: number
}

/** A thread that has nothing to do for so long goes, in milliseconds; one stays. */
const idleMs = 60_000

/** The threads of one process, by piscina. */
export function createThreadPool({ settings, modules, log, cancelGraceMs }: ThreadPoolOptions) {
  const concurrency = Math.max(1, settings.concurrency)
  const pool = new Piscina<ThreadPort, void>({
    filename: fileURLToPath(new URL('./thread.ts', import.meta.url)),
    name: 'serveTasks',
    minThreads: 1,
    maxThreads: concurrency,
    idleTimeout: idleMs,
    // Otherwise threads sleep between tasks, and what a task has left behind does too.
    atomics: 'disabled',
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: settings.memory },
    recordTiming: false,
    workerData: { modules } satisfies ThreadData,
  })
  pool.on('error', () => {}) // the thread's own end says so

  const threads = new Set<KeptThread>()
  /** What no thread has room for: whoever is far away sends some ahead. */
  const queue: Run[] = []
  const sweep = setInterval(closeIdle, idleMs).unref()

  /** `onEnd` is called once, and never before this has returned. */
  function run(order: LimitedOrder, host: ThreadHost, onEnd: (outcome: TaskOutcome) => void): RunningTask {
    let killing: NodeJS.Timeout | undefined
    const one: Run = {
      order,
      host,
      onEnd(end) {
        clearTimeout(killing)
        onEnd(outcomeOf(end, order, settings.memory))
      },
    }
    queue.push(one)
    spread()
    return { abort }

    function abort(reason: AbortReason): void {
      const at = queue.indexOf(one)
      if (at !== -1) {
        queue.splice(at, 1)
        one.onEnd({ kind: 'withdrawn', reason })
        return
      }
      const thread = [...threads].find(({ has }) => has(one))
      if (thread === undefined || killing !== undefined) return
      if (thread.takeBack(one)) {
        one.onEnd({ kind: 'withdrawn', reason })
        spread()
        return
      }
      thread.tell(one, { kind: 'abort', reason })
      killing = setTimeout(() => thread.kill(one, reason), cancelGraceMs)
    }
  }

  /** To a thread that has nothing to do, a new one, or ahead to one that has little. */
  function spread(): void {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const thread = leastBusy(next.order.args.length)
      if (thread === undefined) {
        queue.unshift(next)
        return
      }
      thread.give(next)
    }
    const crowded = [...threads].filter((thread) => thread.size() > 1)
    if (crowded.length === 0) return
    for (const thread of threads) if (thread.isUp() && thread.size() === 0) help(thread, crowded)
  }

  function leastBusy(characters: number): KeptThread | undefined {
    let found: KeptThread | undefined
    for (const thread of threads) {
      const isBetter = thread.size() < (found?.size() ?? Number.POSITIVE_INFINITY)
      if (isBetter && thread.isUp() && thread.hasRoom(characters)) found = thread
    }
    return found?.size() === 0 || threads.size >= concurrency ? found : open()
  }

  /** Nothing waits behind one that takes long while another thread has nothing to do. */
  function help(idle: KeptThread, crowded: readonly KeptThread[]): void {
    for (const busy of crowded) {
      for (const run of busy.takeBackLast(Math.floor(busy.size() / 2))) idle.give(run)
      if (idle.size() > 0) return
    }
  }

  function open(): KeptThread {
    const thread = keepThread({
      pool,
      maxResult: settings.max_result,
      onFree: spread,
      onLeft(left) {
        queue.unshift(...left)
        spread()
      },
      onEnd(error, wasIdle) {
        threads.delete(thread)
        // What a task has left behind when it had ended already.
        if (error !== null && wasIdle) log.warn({ err: error }, 'a thread for tasks has ended')
      },
    })
    threads.add(thread)
    return thread
  }

  /** One stays. */
  function closeIdle(): void {
    const since = performance.now() - idleMs
    const up = [...threads].filter((thread) => thread.isUp())
    const idle = up.filter((thread) => thread.size() === 0 && thread.usedAt() < since)
    for (const thread of idle.slice(idle.length === up.length ? 1 : 0)) thread.close()
  }

  return {
    run,
    [Symbol.asyncDispose]() {
      clearInterval(sweep)
      return pool.destroy()
    },
  }
}

export interface RunningTask {
  /** Asks it to end; some seconds later it is ended. */
  abort(reason: AbortReason): void
}

function outcomeOf(end: RunEnd, { softLimit, hardLimit }: LimitedOrder, memory: number): TaskOutcome {
  if (end.kind === 'withdrawn') return { kind: 'aborted', reason: end.reason }
  if (end.kind === 'thread_ended') {
    const { error, killedFor } = end
    if (killedFor === null) return ofEndedThread(error, memory)
    if (killedFor !== 'hard_limit') return { kind: 'aborted', reason: killedFor }
    return timeLimit(`It ran longer than its hard limit of ${hardLimit} seconds, and was ended.`)
  }
  if (end.kind === 'succeeded' || end.aborted === null) return end
  if (end.aborted !== 'soft_limit') return { kind: 'aborted', reason: end.aborted }
  const { error, trace } = end
  // Its own words where it has found some.
  if (error.type !== 'TimeoutError' && error.type !== 'AbortError') return end
  return { ...timeLimit(`It ran longer than its soft limit of ${softLimit} seconds.`), isFinal: false, trace }
}

function timeLimit(message: string): Extract<TaskOutcome, { kind: 'failed' }> {
  return { kind: 'failed', error: { type: 'time_limit', message }, isFinal: true, trace: null }
}

/** Its thread has ended under it. */
function ofEndedThread(error: unknown, memory: number): TaskOutcome {
  const { code, message = String(error), stack = null, name } = error as Partial<Error> & { code?: string }
  const trace = stack?.slice(0, 10_000) ?? null
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const sentence = `It needed more memory than the ${memory} MiB of a thread (tasks.memory).`
    return { kind: 'failed', error: { type: 'out_of_memory', message: sentence }, isFinal: true, trace }
  }
  const exited = /^worker exited with code: (-?\d+)$/.exec(message)
  const sentence = exited
    ? `It ended the thread that it ran in (process.exit, code ${exited[1]}).`
    : `It left an error uncaught, which ended its thread: ${name ?? 'Error'}: ${message}`.slice(0, 2_000)
  return { kind: 'failed', error: { type: 'worker_exited', message: sentence }, isFinal: true, trace }
}
