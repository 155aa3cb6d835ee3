import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Audit } from './audit.ts'
import { createAuditReader } from './audit-reader.ts'
import { createAuditRepeats } from './audit-repeats.ts'
import { type AuditRow, rowOf } from './audit-row.ts'
import type { Database } from './database.ts'
import { createSortableIds, firstIdOf } from './sortable-id.ts'

export interface AuditParts {
  readonly database: Database
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** How long entries are kept, in milliseconds. */
  readonly keepMs: number
}

/** The record as identity keeps it. Disposing of it writes down what has been counted. */
export interface KeptAudit extends Audit, AsyncDisposable {
  /** Removes entries that are older than they are kept, a bounded number at a time. */
  sweep(): Promise<void>
}

/** What repeats itself is told of this often. */
const repeatsMs = 60_000

/** Work of a statement, so that it never holds up anything else for long, and how many there are in a sweep. */
const sweptAtOnce = 100
const turnsOfSweep = 50

export function createAudit({ database, log, clock, keepMs }: AuditParts): KeptAudit {
  const repeats = createAuditRepeats()
  const nextId = createSortableIds()

  async function write(row: AuditRow): Promise<void> {
    const { action, outcome, code, address, request_id: requestId } = row
    const actor = row.actor_kind && `${row.actor_kind}:${row.actor_id}`
    const target = row.target_kind && `${row.target_kind}:${row.target_id}`
    const said = { action, outcome, code, actor, target, address, requestId }
    try {
      const now = clock()
      await database.run(insertion, nextId(now), new Date(now).toISOString(), ...columns.map((column) => row[column]))
      log.info(said, 'audit')
    } catch (error) {
      log.error({ err: error, ...said }, 'an audit entry was not written')
    }
  }

  async function writeRepeats(): Promise<void> {
    for (const row of repeats.take()) await write(row)
  }

  let written = Promise.resolve()
  const timer = setInterval(() => {
    written = written.then(writeRepeats)
  }, repeatsMs)
  timer.unref()

  return {
    async record(entry) {
      const row = rowOf(entry)
      if (row.outcome === 'done' || !repeats.counts(row)) await write(row)
    },
    ...createAuditReader({ database, clock }),
    async sweep() {
      const before = clock() - keepMs
      const over = firstIdOf(before)
      const oldest = await database.get('select 1 from audit_entries where id < ? limit 1', over)
      if (oldest === undefined) return
      // The database lets nothing go that is not older than this.
      await database.run(
        'insert into audit_horizon (id, before) values (1, ?) on conflict (id) do update set before = excluded.before',
        new Date(before).toISOString(),
      )
      for (let turns = 0; turns < turnsOfSweep; turns++) {
        const oldest = 'select id from audit_entries where id < ? order by id limit ?'
        const removed = await database.run(`delete from audit_entries where id in (${oldest})`, over, sweptAtOnce)
        if (removed < sweptAtOnce) return
        await turn()
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await written
      await writeRepeats()
    },
  }
}

const columns = [
  ...(['action', 'outcome', 'code', 'actor_kind', 'actor_id', 'actor_name', 'target_kind', 'target_id'] as const),
  ...(['target_name', 'address', 'request_id', 'details'] as const),
] satisfies readonly (keyof AuditRow)[]

const insertion = `insert into audit_entries (id, time, ${columns.join(', ')})
  values (?, ?, ${columns.map(() => '?').join(', ')})`
