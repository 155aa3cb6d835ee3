import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import type { StreamGrowth } from './history-writer.ts'

/**
 * Removes publications beyond their channel's size and age, and those that were to be removed. They are invisible at
 * once, because readers apply the policy themselves; this only gives the space back, in steps of a few milliseconds
 * between which the event loop is free. A stream's row stays, and so do its epoch and top.
 */
export interface HistoryTrimmer extends Disposable {
  /** Told what was written, so that a busy stream is trimmed while it grows. */
  grew(growth: ReadonlyMap<number, StreamGrowth>): void
  /** One bounded step over the streams that are due; false when there is nothing left to do now. */
  step(): boolean
  /** Makes every stream due, a bounded number a step. Happens by itself every minute. */
  sweep(): void
}

export interface HistoryTrimmerOptions {
  readonly database: DatabaseSync
  readonly clock: () => number
  readonly log: Logger
}

const rowsAStep = 500
const streamsAStep = 100
const stepPauseMs = 25
const sweepIntervalMs = 60_000
/** A stream that nobody has read, written or subscribed to for so long begins again, with another epoch. */
export const forgetAfterMs = 400 * 24 * 3600 * 1000

export function createHistoryTrimmer({ database, clock, log }: HistoryTrimmerOptions): HistoryTrimmer {
  const sql = {
    streamsFrom: database.prepare('select id from streams where id > ? order by id limit ?'),
    policy: database.prepare('select top, floor, keep, keep_ms as keepMs from streams where id = ?'),
    first: database.prepare('select min("offset") as first from publications where stream_id = ?'),
    lastOutdated: database.prepare(
      'select max("offset") as last from (select "offset", time from publications where stream_id = ? order by "offset" limit ?) where time <= ?',
    ),
    remove: database.prepare('delete from publications where stream_id = ? and "offset" <= ?'),
    forget: database.prepare(
      'delete from streams where id = ? and used_at < ? and not exists (select 1 from publications where stream_id = streams.id)',
    ),
  }
  const due = new Set<number>()
  const grownBy = new Map<number, number>()
  let sweptTo: number | null = null
  let pending: NodeJS.Timeout | undefined
  const sweeps = setInterval(sweep, sweepIntervalMs).unref()

  return {
    grew(growth) {
      for (const [streamId, { keep, added, cleared }] of growth) {
        const grown = (grownBy.get(streamId) ?? 0) + added
        if (!cleared && grown < Math.max(rowsAStep / 2, keep / 10)) {
          grownBy.set(streamId, grown)
          continue
        }
        grownBy.delete(streamId)
        due.add(streamId)
        schedule()
      }
    },
    step,
    sweep,
    [Symbol.dispose]() {
      clearInterval(sweeps)
      clearTimeout(pending)
    },
  }

  function schedule(): void {
    pending ??= setTimeout(() => {
      pending = undefined
      if (step()) schedule()
    }, stepPauseMs).unref()
  }

  function sweep(): void {
    sweptTo ??= 0
    schedule()
  }

  function step(): boolean {
    let rows = 0
    let streams = 0
    try {
      continueSweep()
      for (const streamId of due) {
        if (rows >= rowsAStep || streams >= streamsAStep) break
        const removed = trim(streamId, rowsAStep - rows)
        rows += removed
        streams += 1
        if (rows < rowsAStep) due.delete(streamId)
      }
    } catch (error) {
      // Mostly another handle that is writing; what is due stays due.
      log.debug({ err: error }, 'trimming put off')
    }
    return due.size > 0 || sweptTo !== null
  }

  function continueSweep(): void {
    if (sweptTo === null || due.size >= streamsAStep) return
    const ids = (sql.streamsFrom.all(sweptTo, streamsAStep) as unknown as { id: number }[]).map(({ id }) => id)
    for (const id of ids) due.add(id)
    sweptTo = ids.length < streamsAStep ? null : (ids.at(-1) ?? null)
    if (sweptTo === null) grownBy.clear()
  }

  function trim(streamId: number, maxRows: number): number {
    const now = clock()
    const policy = sql.policy.get(streamId) as Policy | undefined
    if (policy === undefined) return 0
    const { first } = sql.first.get(streamId) as { first: number | null }
    if (first === null) {
      sql.forget.run(streamId, now - forgetAfterMs)
      return 0
    }
    const { last } = sql.lastOutdated.get(streamId, maxRows, now - policy.keepMs) as { last: number | null }
    const outdated = Math.max(policy.top - policy.keep, policy.floor, last ?? 0)
    const through = Math.min(outdated, first + maxRows - 1)
    return through < first ? 0 : Number(sql.remove.run(streamId, through).changes)
  }
}

interface Policy {
  readonly top: number
  readonly floor: number
  readonly keep: number
  readonly keepMs: number
}
