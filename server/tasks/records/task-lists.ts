import { setImmediate as turn } from 'node:timers/promises'
import type { TaskQuery, TaskQueueView } from '#protocol/tasks.ts'
import type { Database } from '#server/auth/database.ts'
import { firstIdOf } from '#server/auth/sortable-id.ts'
import { TaskRefusal } from '../task-refusal.ts'
import type { TaskEvents } from './task-events.ts'
import type { EventRow, TaskRow } from './task-row.ts'

export interface TaskFilter extends Pick<TaskQuery, 'state' | 'name' | 'owner' | 'queue' | 'from' | 'until'> {}

export interface TaskPage {
  readonly items: readonly TaskRow[]
  readonly next: string | null
}

export interface TaskLists {
  /** The newest first. A page may have fewer than asked for, and another one behind it. */
  list(filter: TaskFilter, page: { readonly limit: number; readonly cursor: string | null }): Promise<TaskPage>
  find(id: string): Promise<TaskRow | undefined>
  eventsOf(id: string): Promise<readonly EventRow[]>
  queues(): Promise<readonly TaskQueueView[]>
}

/** Rows that one query looks at, so that it is over in milliseconds however many there are and few are asked for. */
const lookedAtOnce = 5_000
/** After so long a page is answered as it is. */
const patienceMs = 2_000

export interface ListParts {
  readonly database: Database
  readonly clock: () => number
  readonly events: TaskEvents
}

export function createTaskLists({ database, clock, events }: ListParts): TaskLists {
  async function look({ lead, rest, after, before }: Scan, limit: number) {
    const bounds = [...lead.map(({ value }) => value), after, before]
    const conditions = clause([...lead, { sql: 'sort_id > ?' }, { sql: 'sort_id < ?' }])
    const looked = `tasks where ${conditions} order by sort_id desc limit ${lookedAtOnce}`
    const rows = await database.all<TaskRow>(
      `select * from (select * from ${looked}) as looked where ${clause(rest)} order by sort_id desc limit ?`,
      ...[...bounds, ...rest.map(({ value }) => value), limit],
    )
    const last = rows.at(-1)
    if (rows.length === limit && last !== undefined) return { rows, goOn: last.sort_id }
    const edge = await database.get<{ count: number; last: string }>(
      `select count(*) as count, min(sort_id) as last from (select sort_id from ${looked}) as looked`,
      ...bounds,
    )
    return { rows, goOn: edge?.count === lookedAtOnce ? edge.last : null }
  }

  async function isOwner(id: string): Promise<boolean> {
    return (await database.get('select 1 from tasks where owner_id = ? limit 1', id)) !== undefined
  }

  return {
    async list(filter, { limit, cursor }) {
      if (cursor !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) {
        throw new TaskRefusal(
          'bad_arguments',
          'The cursor is none of this list: pass on what "next" says, or leave it out.',
        )
      }
      const { owner } = filter
      let scan = scanOf(filter, owner !== undefined && (await isOwner(owner)) ? 'owner_id' : 'owner_name')
      if (cursor !== null && cursor < scan.before) scan = { ...scan, before: cursor }
      const rows: TaskRow[] = []
      const deadline = performance.now() + patienceMs
      for (;;) {
        // One more than asked for tells whether there is another page.
        const { rows: found, goOn } = await look(scan, limit + 1 - rows.length)
        rows.push(...found)
        const items = rows.slice(0, limit)
        if (rows.length > limit) return { items, next: items.at(-1)?.sort_id ?? null }
        if (goOn === null || performance.now() > deadline) return { items, next: goOn }
        scan = { ...scan, before: goOn }
        await turn()
      }
    },

    find: async (id) => database.get<TaskRow>('select * from tasks where id = ?', id),
    eventsOf: (id) => events.of(database, id),

    async queues() {
      const rows = await database.all<{ queue: string; waiting: number; running: number; oldest: string | null }>(
        `select queue, sum(case when state = 'running' then 0 else 1 end) as waiting,
          sum(case when state = 'running' then 1 else 0 end) as running,
          min(case when state <> 'running' and start_at <= ? then start_at else null end) as oldest
         from tasks where ended_at is null group by queue order by queue`,
        new Date(clock()).toISOString(),
      )
      return rows.map(({ queue, waiting, running, oldest }) => ({ name: queue, waiting, running, oldestAt: oldest }))
    },
  }
}

/** Which rows are looked at, and what is asked of them. Ids are between the two, both left out. */
interface Scan {
  readonly lead: readonly Condition[]
  readonly rest: readonly Condition[]
  readonly after: string
  readonly before: string
}

interface Condition {
  readonly sql: string
  readonly value: string
}

/** One condition, of those that have an index, says which rows are looked at; the others are asked of these. */
function scanOf({ owner, name, state, queue, from, until }: TaskFilter, ownerColumn: 'owner_id' | 'owner_name'): Scan {
  const indexed: Condition[] = []
  const rest: Condition[] = []
  const isBeginning = name?.endsWith('*') === true
  if (owner !== undefined) indexed.push({ sql: `${ownerColumn} = ?`, value: owner })
  if (name !== undefined && !isBeginning) indexed.push({ sql: 'name = ?', value: name })
  if (state !== undefined) {
    // Of those that have ended there are many; the others are few.
    const condition = { sql: 'state = ?', value: state }
    if (state === 'succeeded') indexed.push(condition)
    else indexed.unshift(condition)
  }
  if (queue !== undefined) indexed.push({ sql: 'queue = ?', value: queue })
  if (isBeginning) {
    rest.push({ sql: "name like ? escape '!'", value: `${name.slice(0, -1).replace(/[!%_]/g, '!$&')}%` })
  }
  return {
    lead: indexed.slice(0, 1),
    rest: [...indexed.slice(1), ...rest],
    after: from === undefined ? '' : firstIdOf(Date.parse(from)).slice(0, -1),
    before: until === undefined ? 'g' : firstIdOf(Date.parse(until)),
  }
}

function clause(conditions: readonly Pick<Condition, 'sql'>[]): string {
  return conditions.length === 0 ? 'true' : conditions.map(({ sql }) => sql).join(' and ')
}
