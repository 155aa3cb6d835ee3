import type { TaskEvent } from '#protocol/tasks.ts'
import type { Rows } from '#server/auth/database.ts'
import { createSortableIds } from '#server/auth/sortable-id.ts'
import type { EventRow } from './task-row.ts'

/** What happened in the lives of tasks. */
export interface TaskEvents {
  /** Within the transaction whose rows these are, or for itself. */
  add(rows: Rows, taskId: string, event: Pick<TaskEvent, 'kind'> & Partial<TaskEvent>): Promise<void>
  of(rows: Rows, taskId: string): Promise<readonly EventRow[]>
}

/** One that is tried for ever shows its beginning and its end. */
const shown = 250

export function createTaskEvents(clock: () => number): TaskEvents {
  const nextId = createSortableIds()
  return {
    async add(rows, taskId, { kind, try: number = null, worker = null, reason = null }) {
      const now = clock()
      await rows.run(
        'insert into task_events (id, task_id, at, kind, "try", worker, reason) values (?, ?, ?, ?, ?, ?, ?)',
        ...[nextId(now), taskId, new Date(now).toISOString(), kind, number, worker, reason?.slice(0, 2000) ?? null],
      )
    },
    async of(rows, taskId) {
      const read = (order: 'asc' | 'desc') =>
        rows.all<EventRow>(`select * from task_events where task_id = ? order by id ${order} limit ${shown}`, taskId)
      const first = await read('asc')
      if (first.length < shown) return first
      const known = new Set(first.map(({ id }) => id))
      return [...first, ...(await read('desc')).reverse().filter(({ id }) => !known.has(id))]
    },
  }
}
