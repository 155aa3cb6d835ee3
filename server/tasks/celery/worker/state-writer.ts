import type { Logger } from 'pino'
import type { ResultOf, Results, StoredState } from './results.ts'

/** Tells what a task is at while it runs. What cannot be told is left out: its end is what counts. */
export interface StateWriter {
  started(result: string): void
  /** Of several that wait only the newest is told. */
  progress(result: string): void
  /** Nothing more is told; resolves when what is under way has an answer, so that the end comes last. */
  close(): Promise<void>
}

export function createStateWriter(of: ResultOf, results: Results, log: Logger): StateWriter {
  let started: StoredState | null = null
  let progress: StoredState | null = null
  let writing: Promise<void> | null = null
  let closed = false

  return {
    started(result) {
      started = { status: 'STARTED', result }
      write()
    },
    progress(result) {
      progress = { status: 'PROGRESS', result }
      write()
    },
    async close() {
      closed = true
      await writing
    },
  }

  function write(): void {
    if (!closed) writing ??= writeAll()
  }

  async function writeAll(): Promise<void> {
    for (let next = take(); next !== null; next = take()) {
      await results.store(of, next).catch((error: Error) => {
        log.debug({ task: of.id, reason: error.message }, 'a state could not be told')
      })
    }
    writing = null
  }

  function take(): StoredState | null {
    const next = started ?? progress
    if (started !== null) started = null
    else progress = null
    return next
  }
}
