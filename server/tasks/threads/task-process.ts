import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { createPeer, type Frame } from '#server/processes/peer.ts'
import type { TaskHost } from './host.ts'
import type { HostVerbs, ProcessVerbs } from './process-verbs.ts'
import type { TaskOutcome } from './task-threads.ts'
import type { LimitedOrder, ThreadPoolOptions } from './thread-pool.ts'

/** A process whose threads carry out tasks. */
export interface TaskProcess extends AsyncDisposable {
  isUp(): boolean
  readonly ended: Promise<void>
  run(order: LimitedOrder, host: TaskHost, signal: AbortSignal): Promise<TaskOutcome | ProcessEnd>
}

export interface ProcessEnd {
  readonly kind: 'process_ended'
  /** Its signal, or its code. */
  readonly how: string | number
  /** No other task was in it. */
  readonly ranAlone: boolean
}

export interface TaskProcessOptions extends Omit<ThreadPoolOptions, 'log'> {
  readonly log: Logger
}

/** Longer than any task may take: its limits hold in the process itself. */
const longMs = 2 ** 31 - 1
/** A process that was told to end is killed after so long. */
const endWithinMs = 2_000

export function startTaskProcess({ settings, modules, cancelGraceMs, log }: TaskProcessOptions): TaskProcess {
  const program = fileURLToPath(new URL('./task-process-main.ts', import.meta.url))
  const child = fork(program, [], { execArgv: [], serialization: 'advanced' })
  const running = new Map<
    number,
    { readonly host: TaskHost; readonly log: Logger; readonly onEnd: (end: ProcessEnd) => void }
  >()
  const ended = Promise.withResolvers<void>()
  let lastRun = 0
  let isUp = true

  const peer = createPeer<ProcessVerbs, HostVerbs>({
    send: (frames, sent) => child.send(frames as Frame[], (error) => error === null && sent()),
    onError: (error, name) => log.error({ err: error, name }, 'a message of the process for tasks failed'),
  })
  peer.serve({
    progress: (run, fraction, note) => running.get(run)?.host.progress(fraction, note),
    log: (run, level, fields, message) => running.get(run)?.log[level](fields, message),
    warn: (fields, message) => log.warn(fields, message),
    submit: (run, request) => hostOf(run).submit(request),
    file: (run, name, type) => hostOf(run).file(name, type),
    ask: (run, question, about) => hostOf(run).ask(question, about),
  })
  child.on('message', (frames) => peer.receive(frames as readonly Frame[]))
  child.on('error', (error) => {
    log.error({ err: error }, 'the process for tasks failed')
    if (child.pid === undefined) gone('not started')
  })
  child.on('exit', (code, signal) => gone(signal ?? code ?? 'unknown'))
  peer.note('open', { settings, modules, cancelGraceMs })
  // Whoever waits for an outcome keeps this process alive, not the child by itself.
  const killed = () => child.kill('SIGKILL')
  process.on('exit', killed)

  function gone(how: string | number): void {
    if (!isUp) return
    isUp = false
    process.off('exit', killed)
    const ranAlone = running.size === 1
    for (const { onEnd } of running.values()) onEnd({ kind: 'process_ended', how, ranAlone })
    peer[Symbol.dispose]()
    ended.resolve()
  }

  function hostOf(run: number): TaskHost {
    const found = running.get(run)
    if (found === undefined) throw new Error('This task has ended.')
    return found.host
  }

  return {
    isUp: () => isUp,
    ended: ended.promise,
    async run(order, host, signal) {
      const run = ++lastRun
      const end = Promise.withResolvers<ProcessEnd>()
      const onAbort = () => peer.note('abort', run, signal.reason === 'stopping' ? 'stopping' : 'cancelled')
      running.set(run, { host, log: log.child({ task: order.id, name: order.name }), onEnd: end.resolve })
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        if (!isUp) return { kind: 'process_ended', how: 'before it began', ranAlone: false }
        const outcome = peer.call('run', [run, order], longMs)
        if (signal.aborted) onAbort()
        outcome.catch(() => {})
        return await Promise.race([end.promise, outcome])
      } finally {
        signal.removeEventListener('abort', onAbort)
        running.delete(run)
      }
    },
    async [Symbol.asyncDispose]() {
      if (!isUp) return
      if (child.connected) child.disconnect()
      const killing = setTimeout(killed, endWithinMs)
      await ended.promise
      clearTimeout(killing)
    },
  }
}
