import { setImmediate as turn } from 'node:timers/promises'
import type { AuditFilter } from '#protocol/audit.ts'
import type { Audit } from './audit.ts'
import { type AuditRow, viewOf } from './audit-row.ts'
import { AuthError } from './auth-error.ts'
import type { Database } from './database.ts'
import { firstIdOf } from './sortable-id.ts'

/** Entries that one query looks at, so that it is over in milliseconds however many there are and few are asked for. */
const lookedAtOnce = 5_000

/** After so long a page is answered as it is: with fewer entries, or none, and where to go on. In milliseconds. */
const patienceMs = 2_000

/** Entries that are read at once for an export. */
const readAtOnce = 500

/**
 * Reads the record in order of its ids. One condition, of those that have an index, says which entries are looked at;
 * the others are asked of these.
 */
export function createAuditReader({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: () => number
}): Pick<Audit, 'list' | 'read'> {
  /** `party` is given by id or by a part of the name. */
  async function partyCondition(column: 'actor' | 'target', party: string): Promise<Condition> {
    const isId = await database.get(`select 1 from audit_entries where ${column}_id = ? limit 1`, party)
    if (isId !== undefined) return { sql: `${column}_id = ?`, value: party, isIndexed: true }
    const part = `%${party.replace(/[!%_]/g, '!$&')}%`
    return { sql: `lower(${column}_name) like lower(?) escape '!'`, value: part, isIndexed: false }
  }

  async function scanOf({ actor, target, action, outcome, address, from, to }: AuditFilter): Promise<Scan> {
    const conditions: Condition[] = []
    if (actor !== undefined) conditions.push(await partyCondition('actor', actor))
    if (target !== undefined) conditions.push(await partyCondition('target', target))
    if (address !== undefined) conditions.push({ sql: 'address = ?', value: address, isIndexed: true })
    // The first that has an index leads, so those that let the least through come first.
    const rarest = [
      { sql: 'action = ?', value: action },
      { sql: 'outcome = ?', value: outcome },
    ]
    if (outcome !== 'done') rarest.reverse()
    for (const { sql, value } of rarest) if (value !== undefined) conditions.push({ sql, value, isIndexed: true })
    const lead = conditions.find(({ isIndexed }) => isIndexed)
    return {
      lead: lead ? [lead] : [],
      rest: conditions.filter((condition) => condition !== lead),
      after: from === undefined ? '' : justBefore(Date.parse(from)),
      before: to === undefined ? 'g' : firstIdOf(Date.parse(to)),
    }
  }

  /** The first `limit` of those that are looked at at once, and where to go on, or null at the end. */
  async function look(scan: Scan, order: 'asc' | 'desc', limit: number) {
    const bounds = [...scan.lead.map(({ value }) => value), scan.after, scan.before]
    const looked = `audit_entries where ${clause([...scan.lead, { sql: 'id > ?' }, { sql: 'id < ?' }])}
      order by id ${order} limit ${lookedAtOnce}`
    const rows = await database.all<StoredRow>(
      `select * from (select * from ${looked}) as looked where ${clause(scan.rest)} order by id ${order} limit ?`,
      ...bounds,
      ...scan.rest.map(({ value }) => value),
      limit,
    )
    const last = rows.at(-1)
    if (rows.length === limit && last !== undefined) return { rows, goOn: last.id }
    const edge = await database.get<{ count: number | string; last: string }>(
      `select count(*) as count, ${order === 'asc' ? 'max' : 'min'}(id) as last from (select id from ${looked}) as looked`,
      ...bounds,
    )
    return { rows, goOn: edge !== undefined && Number(edge.count) === lookedAtOnce ? edge.last : null }
  }

  return {
    async list(filter, { limit, cursor }) {
      if (cursor !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) {
        throw new AuthError('bad_request', 'The cursor is not one of ours. Begin the list again without it.')
      }
      let scan = await scanOf(filter)
      if (cursor !== null && cursor < scan.before) scan = { ...scan, before: cursor }
      const rows: StoredRow[] = []
      const deadline = performance.now() + patienceMs
      for (;;) {
        // One more than asked for tells whether there is another page.
        const { rows: found, goOn } = await look(scan, 'desc', limit + 1 - rows.length)
        rows.push(...found)
        const isFull = rows.length > limit
        const items = rows.slice(0, limit).map(viewOf)
        if (isFull) return { items, next: items.at(-1)?.id ?? null }
        if (goOn === null || performance.now() > deadline) return { items, next: goOn }
        scan = { ...scan, before: goOn }
        await turn()
      }
    },
    async *read(filter) {
      // What is written from now on is not part of it: otherwise it might never end.
      const end = firstIdOf(clock() + 1)
      let scan = await scanOf(filter)
      if (end < scan.before) scan = { ...scan, before: end }
      for (;;) {
        const { rows, goOn } = await look(scan, 'asc', readAtOnce)
        yield* rows.map(viewOf)
        if (goOn === null) return
        scan = { ...scan, after: goOn }
        await turn()
      }
    },
  }
}

/** Which entries are looked at, and what is asked of them. Ids are between the two, both left out. */
interface Scan {
  readonly lead: readonly Condition[]
  readonly rest: readonly Condition[]
  readonly after: string
  readonly before: string
}

interface Condition {
  readonly sql: string
  readonly value: string
  readonly isIndexed: boolean
}

type StoredRow = AuditRow & { readonly id: string; readonly time: string }

function clause(conditions: readonly Pick<Condition, 'sql'>[]): string {
  return conditions.length === 0 ? 'true' : conditions.map(({ sql }) => sql).join(' and ')
}

/** Smaller than every id of this instant or later, and greater than those before. */
function justBefore(time: number): string {
  return firstIdOf(time).slice(0, -1)
}
