import type { Logger } from 'pino'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskRow } from '../records/task-row.ts'
import type { TaskFiles } from './task-files.ts'

export interface UpkeepOptions {
  readonly records: TaskRecords
  readonly files: TaskFiles
  readonly log: Logger
  onChange(row: TaskRow): void
}

const everyMs = 1_000
/** How many rounds lie between two looks at what need not be kept. */
const sweepEvery = 30
/** A worker behind the message broker may have begun something whose news is on the way. */
const brokerGraceMs = 60_000

/** Ends what was not begun in time, and removes what has been kept for long enough. */
export function startTaskUpkeep({ records, files, log, onChange }: UpkeepOptions): AsyncDisposable {
  let round = 0
  let under = Promise.resolve()
  const timer = setInterval(() => {
    under = under.then(look).catch((error: unknown) => log.error({ err: error }, 'the sweep of tasks failed'))
  }, everyMs)
  timer.unref()

  async function look(): Promise<void> {
    for (const { id } of await records.overdue(brokerGraceMs)) {
      const ended = await records.finish(id, { state: 'expired' }, 0)
      if (ended !== undefined) onChange(ended)
    }
    if (round++ % sweepEvery !== 0) return
    const outlived = await records.outlived()
    // Files first: a row that is gone could not say where they were.
    for (const id of outlived) await files.remove(id)
    if (outlived.length > 0) await records.remove(outlived)
  }

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await under
    },
  }
}
