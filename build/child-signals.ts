import type { ChildProcess } from 'node:child_process'

/** How often it is looked whether whoever started this program is still there, in milliseconds. */
const parentCheckMs = 500

/**
 * Hands signals on to the children, once. It also ends them when the program that started this one has gone: npm and
 * its shell end at SIGTERM without telling anybody. What it answers aborts then.
 */
export function handSignalsTo(children: () => readonly (ChildProcess | null)[]): AbortSignal {
  const ended = new AbortController()
  const end = (signal: NodeJS.Signals) => {
    ended.abort()
    for (const child of children()) child?.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(signal))
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    end('SIGTERM')
  }, parentCheckMs)
  watch.unref()
  return ended.signal
}
