import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { Piscina } from 'piscina'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { ThreadHost } from './host.ts'
import { type KeptThread, keepThread } from './kept-thread.ts'
import type { AbortReason, ThreadData, ThreadOutcome, ThreadPort } from './messages.ts'
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

  const idle: KeptThread[] = []
  let kept = 0
  /** More than there are threads: whoever is far away sends some ahead. */
  const queue: ((thread: KeptThread) => void)[] = []
  const sweep = setInterval(closeIdle, idleMs).unref()

  async function run(order: LimitedOrder, host: ThreadHost, signal: AbortSignal): Promise<TaskOutcome> {
    if (signal.aborted) return { kind: 'aborted', reason: reasonOf(signal) }
    const thread = await nextThread()
    try {
      // It may have waited for the thread.
      return signal.aborted ? { kind: 'aborted', reason: reasonOf(signal) } : await runIn(thread, order, host, signal)
    } finally {
      release(thread)
    }
  }

  function nextThread(): KeptThread | Promise<KeptThread> {
    const free = idle.pop()
    if (free !== undefined) return free
    if (kept < concurrency) return open()
    return new Promise((resolve) => queue.push(resolve))
  }

  function release(thread: KeptThread): void {
    const next = queue.shift()
    if (thread.isUp()) {
      if (next !== undefined) next(thread)
      else idle.push(thread)
    } else if (next !== undefined) next(open())
  }

  function open(): KeptThread {
    kept += 1
    const thread = keepThread(pool, settings.max_result, (error) => {
      kept -= 1
      const at = idle.indexOf(thread)
      if (at === -1) return
      idle.splice(at, 1)
      // What a task has left behind when it had ended already.
      if (error !== null) log.warn({ err: error }, 'a thread for tasks has ended')
    })
    return thread
  }

  /** One stays. */
  function closeIdle(): void {
    const since = performance.now() - idleMs
    while (idle.length > 1 && (idle[0]?.usedAt() ?? 0) < since) idle.shift()?.close()
  }

  async function runIn(
    thread: KeptThread,
    order: LimitedOrder,
    host: ThreadHost,
    signal: AbortSignal,
  ): Promise<TaskOutcome> {
    const { softLimit, hardLimit, id, name, args } = order
    let killedFor: AbortReason | 'hard_limit' | null = null
    const timers = new Set<NodeJS.Timeout>()
    const after = (ms: number, act: () => void) => timers.add(setTimeout(act, Math.min(ms, maxTimerMs)))
    const kill = (reason: AbortReason | 'hard_limit') => {
      killedFor ??= reason
      thread.kill()
    }
    const onAbort = () => {
      const reason = reasonOf(signal)
      thread.tell({ kind: 'abort', reason })
      after(cancelGraceMs, () => kill(reason))
    }
    after(softLimit * 1000, () => thread.tell({ kind: 'abort', reason: 'soft_limit' }))
    after(hardLimit * 1000, () => kill('hard_limit'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const ending = thread.run({ id, name, args, try: order.try }, host)
      if (signal.aborted) onAbort()
      return outcomeOf(await ending, softLimit)
    } catch (error) {
      if (killedFor === 'hard_limit')
        return timeLimit(`It ran longer than its hard limit of ${hardLimit} seconds, and was ended.`)
      return killedFor === null ? ofEndedThread(error, settings.memory) : { kind: 'aborted', reason: killedFor }
    } finally {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  return {
    run,
    [Symbol.asyncDispose]() {
      clearInterval(sweep)
      return pool.destroy()
    },
  }
}

/** The longest that a timer of Node can be. */
const maxTimerMs = 2 ** 31 - 1

function reasonOf({ reason }: AbortSignal): AbortReason {
  return reason === 'stopping' ? 'stopping' : 'cancelled'
}

function outcomeOf(outcome: ThreadOutcome, softLimit: number): TaskOutcome {
  if (outcome.kind === 'succeeded' || outcome.aborted === null) return outcome
  if (outcome.aborted !== 'soft_limit') return { kind: 'aborted', reason: outcome.aborted }
  const { error, trace } = outcome
  // Its own words where it has found some.
  if (error.type !== 'TimeoutError' && error.type !== 'AbortError') return outcome
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
