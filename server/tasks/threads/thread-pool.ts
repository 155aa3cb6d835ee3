import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import type { Logger } from 'pino'
import { Piscina } from 'piscina'
import type { TaskSettings } from '#server/config/tasks.ts'
import { attend, type ThreadHost } from './host.ts'
import type { AbortReason, ThreadData, ThreadOrder, ThreadOutcome } from './messages.ts'
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
  const pool = new Piscina<ThreadOrder, ThreadOutcome>({
    filename: fileURLToPath(new URL('./thread.ts', import.meta.url)),
    name: 'runTask',
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
  // What one has left behind when it had ended already.
  pool.on('error', (error: unknown) => log.warn({ err: error }, 'a thread for tasks has ended'))

  async function run(order: LimitedOrder, host: ThreadHost, signal: AbortSignal): Promise<TaskOutcome> {
    const { softLimit, hardLimit } = order
    const { port1, port2 } = new MessageChannel()
    const stop = attend(port1, host)
    const killing = new AbortController()
    let killedFor: AbortReason | 'hard_limit' | null = null
    const timers = new Set<NodeJS.Timeout>()
    const after = (ms: number, act: () => void) => timers.add(setTimeout(act, Math.min(ms, maxTimerMs)))
    const kill = (reason: AbortReason | 'hard_limit') => {
      killedFor ??= reason
      killing.abort()
    }
    const ask = (reason: AbortReason) => port1.postMessage({ kind: 'abort', reason })
    const onAbort = () => {
      const reason = reasonOf(signal)
      ask(reason)
      after(cancelGraceMs, () => kill(reason))
    }
    after(softLimit * 1000, () => ask('soft_limit'))
    after(hardLimit * 1000, () => kill('hard_limit'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const { id, name, args } = order
      const threadOrder = { id, name, args, try: order.try, maxResult: settings.max_result, port: port2 }
      return outcomeOf(await pool.run(threadOrder, { signal: killing.signal, transferList: [port2] }), softLimit)
    } catch (error) {
      if (killedFor === 'hard_limit')
        return timeLimit(`It ran longer than its hard limit of ${hardLimit} seconds, and was ended.`)
      return killedFor === null ? ofEndedThread(error, settings.memory) : { kind: 'aborted', reason: killedFor }
    } finally {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      await stop()
    }
  }

  return { run, [Symbol.asyncDispose]: () => pool.destroy() }
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
