import { writeFileSync } from 'node:fs'
import { createPeer, type Frame } from '#server/processes/peer.ts'
import type { ThreadHost } from './host.ts'
import type { HostVerbs, ProcessVerbs } from './process-verbs.ts'
import { createThreadPool, type RunningTask } from './thread-pool.ts'

// The process whose threads carry out tasks. It ends with the one that started it.

// At once: process.exit waits for its threads, and one of them may not let go.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// When to end is said by whoever started it: a terminal and a service manager signal all processes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
try {
  // Where a machine has no memory left, Linux ends this process rather than the server.
  writeFileSync('/proc/self/oom_score_adj', '500')
} catch {
  // Another system, or one that does not let us.
}

const peer = createPeer<HostVerbs, ProcessVerbs>({
  send: (frames, sent) => process.send?.(frames, undefined, undefined, (error) => error === null && sent()),
  onError: () => process.exit(1),
  // What the server is asked is over in seconds; the records may take their time.
  timeoutMs: 60_000,
})
const running = new Map<number, RunningTask>()
let pool: ReturnType<typeof createThreadPool> | undefined

peer.serve({
  open(options) {
    const warn = (fields: { readonly err: unknown }, message: string) => {
      const { name, message: said, stack } = fields.err as Error
      peer.note('warn', { err: { type: name, message: said, stack } }, message)
    }
    pool = createThreadPool({ ...options, log: { warn: warn as never } })
    watchMemory(options.settings)
  },
  run(run, order) {
    if (pool === undefined) throw new Error('It was not opened.')
    const task = pool.run(order, hostOf(run), (outcome) => {
      running.delete(run)
      peer.note('ended', run, outcome)
    })
    running.set(run, task)
  },
  abort: (run, reason) => running.get(run)?.abort(reason),
})
process.on('message', (frames: readonly Frame[]) => peer.receive(frames))

function hostOf(run: number): ThreadHost {
  return {
    progress: (fraction, note) => peer.note('progress', run, fraction, note),
    log: (level, fields, message) => peer.note('log', run, level, fields, message),
    submit: (request) => peer.call('submit', [run, request]),
    file: (name, type) => peer.call('file', [run, name, type]),
    ask: (question, about) => peer.call('ask', [run, question, about]),
  }
}

/** Buffers and long texts lie outside of what is limited for each thread: they are looked at for all of them together. */
function watchMemory({ concurrency, memory }: { readonly concurrency: number; readonly memory: number }): void {
  const limit = (256 + concurrency * memory * 1.25) * 1024 * 1024
  setInterval(() => {
    if (process.memoryUsage.rss() > limit) process.kill(process.pid, 'SIGKILL')
  }, 500)
}
