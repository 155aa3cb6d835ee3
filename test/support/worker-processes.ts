import { expect } from 'vitest'
import type { ServerProcess } from './server-process.ts'

/** A worker as the log tells of it. */
export interface WorkerProcess {
  readonly worker: number
  readonly pid: number
}

/** The workers that live now, by their number. */
export function workersOf(server: ServerProcess): readonly WorkerProcess[] {
  const latest = new Map<number, WorkerProcess>()
  for (const line of logLines(server)) {
    if (line.msg === 'worker ready') latest.set(line.worker, { worker: line.worker, pid: line.pid })
  }
  return [...latest.values()].filter(({ pid }) => isAlive(pid))
}

/** The numbers of the workers that have let clients in since the log was `from` characters long. */
export function openedOn(server: ServerProcess, from = 0): ReadonlySet<number> {
  const opened = logLines(server, from).filter(({ msg }) => msg === 'connection open')
  return new Set(opened.map(({ worker }) => worker))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits until none of these processes is left. */
export async function expectGone(workers: readonly WorkerProcess[], timeoutMs = 10_000): Promise<void> {
  await expect.poll(() => workers.filter(({ pid }) => isAlive(pid)), { timeout: timeoutMs }).toEqual([])
}

interface LogLine {
  readonly msg: string
  readonly worker: number
  readonly pid: number
}

function logLines(server: ServerProcess, from = 0): readonly LogLine[] {
  const lines = server.output().slice(from).split('\n')
  return lines.flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line)
      return typeof value === 'object' && value !== null && 'msg' in value ? [value as LogLine] : []
    } catch {
      return [] // not a line of the log, or not whole yet
    }
  })
}
