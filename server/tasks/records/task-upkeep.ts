import type { LifeParts } from './task-life.ts'
import type { TaskRow } from './task-row.ts'
import { iso } from './task-submissions.ts'

/** What time does to tasks. Whatever is found is dealt with so many at a time. */
export interface TaskUpkeep {
  /** Gives a turn to those whose time has come. Answers how many. */
  promote(): Promise<number>
  /** When the next one's time comes, in milliseconds since 1970. */
  nextDueAt(): Promise<number | null>
  /** Those that have not begun and may not any more. Those of the message broker are given `graceMs` to tell otherwise. */
  overdue(graceMs: number): Promise<readonly TaskRow[]>
  /** What whoever had this name was at when it ended. */
  claimedBy(by: string): Promise<readonly TaskRow[]>
  /** What somebody has claimed who is not heard of any more. */
  abandoned(): Promise<readonly TaskRow[]>
  /** Those whose result need not be kept any longer. */
  outlived(): Promise<readonly string[]>
  remove(ids: readonly string[]): Promise<void>
}

const atOnce = 500

export function createTaskUpkeep({
  database,
  clock,
  turns,
}: Pick<LifeParts, 'database' | 'clock' | 'turns'>): TaskUpkeep {
  const now = () => iso(clock())
  return {
    async promote() {
      const due = await database.all<Pick<TaskRow, 'id' | 'owner_id' | 'priority'>>(
        'select id, owner_id, priority from tasks where due_at is not null and due_at <= ? order by due_at limit ?',
        now(),
        atOnce,
      )
      for (const { id, owner_id, priority } of due) {
        const turn = await turns.next(owner_id, priority)
        await database.run(
          `update tasks set due_at = null, turn = ? where id = ? and due_at is not null and ended_at is null`,
          turn,
          id,
        )
      }
      return due.length
    },

    async nextDueAt() {
      const row = await database.get<{ at: string | null }>(
        'select min(due_at) as at from tasks where due_at is not null',
      )
      return row?.at == null ? null : Date.parse(row.at)
    },

    overdue: (graceMs) =>
      database.all<TaskRow>(
        `select * from tasks where expires_at is not null and ended_at is null and started_at is null
          and expires_at <= case when place = 'server' then ? else ? end
         order by expires_at limit ?`,
        ...[now(), iso(clock() - graceMs), atOnce],
      ),

    claimedBy: (by) => database.all<TaskRow>('select * from tasks where claimed_by = ? limit ?', by, atOnce),

    abandoned: () =>
      database.all<TaskRow>(
        'select * from tasks where claimed_by is not null and claimed_until <= ? limit ?',
        now(),
        atOnce,
      ),

    async outlived() {
      const rows = await database.all<{ id: string }>(
        'select id from tasks where kept_until is not null and kept_until <= ? order by kept_until limit ?',
        now(),
        atOnce,
      )
      return rows.map(({ id }) => id)
    },

    async remove(ids) {
      await database.transaction(async (tx) => {
        for (const id of ids) await tx.run('delete from tasks where id = ? and ended_at is not null', id)
      })
    },
  }
}
