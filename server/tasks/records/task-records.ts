import type { Database } from '#server/auth/database.ts'
import { createTaskEvents } from './task-events.ts'
import { createTaskLife, type TaskLife } from './task-life.ts'
import { createTaskLists, type TaskLists } from './task-lists.ts'
import { createTaskSubmissions, type TaskSubmissions } from './task-submissions.ts'
import { createTaskUpkeep, type TaskUpkeep } from './task-upkeep.ts'
import { createTurns } from './turns.ts'

/** Tasks in the records, as whoever submits, carries out and looks at them needs it. */
export interface TaskRecords extends TaskSubmissions, TaskLife, TaskLists, TaskUpkeep {}

export function createTaskRecords({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: () => number
}): TaskRecords {
  const parts = { database, clock, events: createTaskEvents(clock), turns: createTurns(database) }
  return {
    ...createTaskSubmissions(parts),
    ...createTaskLife(parts),
    ...createTaskLists(parts),
    ...createTaskUpkeep(parts),
  }
}
