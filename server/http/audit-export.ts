import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import type { AuditExportFormat, AuditView } from '#protocol/audit.ts'

/** Writes entries down as they are asked for. Fails when reading them does, and ends that when nobody asks any more. */
export const auditWriters = {
  /**
   * For a spreadsheet. Names come from anybody: a cell that a spreadsheet would take for a formula gets an apostrophe in
   * front.
   */
  csv: {
    type: 'text/csv; charset=utf-8',
    write(entries) {
      const rows = stringify({ header: true, columns: [...columns], escape_formulas: true, bom: true })
      // What is wrong is told by the rows themselves.
      pipeline(Readable.from(cellsOf(entries)), rows, () => {})
      return rows
    },
  },
  /** For a program: an entry a line, as the list has it. */
  ndjson: { type: 'application/x-ndjson', write: (entries) => Readable.from(linesOf(entries)) },
} as const satisfies Record<AuditExportFormat, { type: string; write(entries: AsyncIterable<AuditView>): Readable }>

const columns = [
  ...['time', 'action', 'outcome', 'code', 'actor', 'actor_kind', 'actor_id', 'target', 'target_kind', 'target_id'],
  ...['address', 'request_id', 'details', 'id'],
] as const

async function* cellsOf(entries: AsyncIterable<AuditView>) {
  for await (const { time, action, outcome, code, actor, target, address, requestId, details, id } of entries) {
    yield [
      ...[time, action, outcome, code],
      ...[actor?.name, actor?.kind, actor?.id],
      ...[target?.name, target?.kind, target?.id],
      ...[address, requestId, JSON.stringify(details), id],
    ]
  }
}

async function* linesOf(entries: AsyncIterable<AuditView>) {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}
