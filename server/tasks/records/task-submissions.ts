import type { Database } from '#server/auth/database.ts'
import { createSortableIds } from '#server/auth/sortable-id.ts'
import type { SentTask } from '../transport.ts'
import type { TaskEvents } from './task-events.ts'
import type { TaskPlace, TaskRow } from './task-row.ts'
import type { Turns } from './turns.ts'

export interface NewTask {
  readonly id: string
  readonly name: string
  readonly owner: { readonly id: string; readonly name: string } | null
  readonly queue: string
  readonly priority: number
  readonly place: TaskPlace
  /** JSON text. */
  readonly args: string
  /** Milliseconds since 1970, as all times here. */
  readonly startAt: number
  readonly expiresAt: number | null
  readonly keepSeconds: number
  readonly parentId: string | null
  readonly schedule: string | null
}

/** How tasks get into the records, and those that are the message broker's out of them. */
export interface TaskSubmissions {
  /** `isNew` is false where there was one of this id, which is answered as it is. */
  insert(task: NewTask): Promise<{ readonly row: TaskRow; readonly isNew: boolean }>
  /** Those that the message broker has not confirmed, the oldest first. */
  unsent(limit: number, submittedBefore: number): Promise<readonly TaskRow[]>
  markSent(id: string): Promise<void>
  /** What the message broker had and has not ended, some at a time. */
  sent(): AsyncIterable<readonly SentTask[]>
  unfinishedOf(ownerId: string): Promise<number>
  unfinished(): Promise<number>
}

export interface SubmissionParts {
  readonly database: Database
  readonly clock: () => number
  readonly events: TaskEvents
  readonly turns: Turns
}

export function createTaskSubmissions({ database, clock, events, turns }: SubmissionParts): TaskSubmissions {
  const nextId = createSortableIds()

  async function count(condition: string, ...values: readonly string[]): Promise<number> {
    const row = await database.get<{ count: number }>(
      `select count(*) as count from tasks where ended_at is null and ${condition}`,
      ...values,
    )
    return row?.count ?? 0
  }

  return {
    async insert(task) {
      const now = clock()
      const { owner, place, startAt, expiresAt } = task
      const isDue = startAt <= now
      const ownerId = owner?.id ?? ''
      const turn = place === 'server' && isDue ? await turns.next(ownerId, task.priority) : null
      const inserted = await database.transaction(async (tx) => {
        const [row] = await tx.all<TaskRow>(
          `insert into tasks (id, sort_id, name, state, owner_id, owner_name, queue, priority, place, args, submitted_at,
            start_at, expires_at, keep_seconds, due_at, turn, is_cancelling, parent_id, schedule)
           values (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           on conflict (id) do nothing returning *`,
          ...[task.id, nextId(now), task.name, ownerId, owner?.name ?? '', task.queue, task.priority, place, task.args],
          ...[iso(now), iso(startAt), expiresAt === null ? null : iso(expiresAt), task.keepSeconds],
          ...[place === 'server' && !isDue ? iso(startAt) : null, turn, false, task.parentId, task.schedule],
        )
        if (row !== undefined) await events.add(tx, task.id, { kind: 'submitted' })
        return row
      })
      if (inserted !== undefined) return { row: inserted, isNew: true }
      const row = await database.get<TaskRow>('select * from tasks where id = ?', task.id)
      // It was there a moment ago, and is swept since: then it can be submitted anew.
      return row === undefined ? this.insert(task) : { row, isNew: false }
    },
    unsent: (limit, submittedBefore) =>
      database.all<TaskRow>(
        `select * from tasks where place = 'broker' and sent_at is null and ended_at is null and submitted_at <= ?
         order by sort_id limit ?`,
        iso(submittedBefore),
        limit,
      ),
    async markSent(id) {
      await database.run('update tasks set sent_at = ? where id = ? and sent_at is null', iso(clock()), id)
    },
    async *sent() {
      for (let after = ''; ; ) {
        const rows = await database.all<TaskRow>(
          `select * from tasks where place = 'broker' and ended_at is null and sent_at is not null and sort_id > ?
           order by sort_id limit ?`,
          after,
          readAtOnce,
        )
        const last = rows.at(-1)
        if (last === undefined) return
        yield rows.map(sentTask)
        after = last.sort_id
      }
    },
    unfinishedOf: (ownerId) => count('owner_id = ?', ownerId),
    unfinished: () => count('true'),
  }
}

const readAtOnce = 1_000

function sentTask(row: TaskRow): SentTask {
  return {
    id: row.id,
    startAt: Date.parse(row.start_at),
    expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
    startedAt: row.started_at === null ? null : Date.parse(row.started_at),
    worker: row.worker,
  }
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}
