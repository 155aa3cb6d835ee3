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

/** A process that was told to end is killed after so long. */
const endWithinMs = 2_000

export function startTaskProcess({ settings, modules, cancelGraceMs, log }: TaskProcessOptions): TaskProcess {
  const program = fileURLToPath(new URL('./task-process-main.ts', import.meta.url))
  const child = fork(program, [], { execArgv: [], serialization: 'advanced' })
  const running = new Map<number, Running>()
  const ended = Promise.withResolvers<void>()
  let lastRun = 0
  let isUp = true

  const peer = createPeer<ProcessVerbs, HostVerbs>({
    send: (frames, sent) => child.send(frames as Frame[], (error) => error === null && sent()),
    onError: (error, name) => log.error({ err: error, name }, 'a message of the process for tasks failed'),
  })
  peer.serve({
    ended: (run, outcome) => running.get(run)?.onEnd(outcome),
    progress: (run, fraction, note) => running.get(run)?.host.progress(fraction, note),
    log: (run, level, fields, message) => {
      const about = running.get(run)?.order
      if (about !== undefined) log[level]({ task: about.id, name: about.name, ...fields }, message)
    },
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
      if (!isUp) return { kind: 'process_ended', how: 'before it began', ranAlone: false }
      const run = ++lastRun
      const end = Promise.withResolvers<TaskOutcome | ProcessEnd>()
      const onAbort = () => peer.note('abort', run, signal.reason === 'stopping' ? 'stopping' : 'cancelled')
      running.set(run, { order, host, onEnd: end.resolve })
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        peer.note('run', run, order)
        if (signal.aborted) onAbort()
        return await end.promise
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

interface Running {
  readonly order: LimitedOrder
  readonly host: TaskHost
  readonly onEnd: (end: TaskOutcome | ProcessEnd) => void
}
