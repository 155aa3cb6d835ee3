import type { TaskDetail, TaskEvent, TaskState, TaskView } from '#protocol/tasks.ts'

/** A task as the records have it. */
export interface TaskRow {
  readonly id: string
  readonly sort_id: string
  readonly name: string
  readonly state: TaskState
  readonly owner_id: string
  readonly owner_name: string
  readonly queue: string
  readonly priority: number
  readonly place: TaskPlace
  readonly args: string
  readonly submitted_at: string
  readonly start_at: string
  readonly expires_at: string | null
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly keep_seconds: number
  readonly kept_until: string | null
  readonly tries: number
  /** How often a try of it has failed, and how often whoever had it was gone. */
  readonly failures: number
  readonly losses: number
  readonly worker: string | null
  readonly progress: number | null
  readonly note: string | null
  readonly result: string | null
  readonly error_type: string | null
  readonly error_message: string | null
  readonly files: string
  readonly is_cancelling: boolean | number
  readonly parent_id: string | null
  readonly schedule: string | null
}

/** Whose workers carry it out: this server's threads, or those behind the message broker. */
export type TaskPlace = 'server' | 'broker'

export interface EventRow extends TaskEvent {
  readonly id: string
  readonly task_id: string
}

export function taskViewOf(row: TaskRow): TaskView {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    owner: row.owner_id === '' ? null : { id: row.owner_id, name: row.owner_name },
    queue: row.queue,
    priority: row.priority,
    submittedAt: row.submitted_at,
    startAt: row.start_at,
    expiresAt: row.expires_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    tries: row.tries,
    progress: row.progress,
    note: row.note,
    worker: row.worker,
    error: row.error_type === null ? null : { type: row.error_type, message: row.error_message ?? '' },
    files: JSON.parse(row.files),
    isCancelling: Boolean(row.is_cancelling) && row.ended_at === null,
  }
}

export function taskDetailOf(row: TaskRow, events: readonly EventRow[]): TaskDetail {
  return {
    ...taskViewOf(row),
    args: JSON.parse(row.args),
    result: row.result === null ? null : JSON.parse(row.result),
    keptUntil: row.kept_until,
    parentId: row.parent_id,
    schedule: row.schedule,
    events: events.map(({ at, kind, try: number, worker, reason }) => ({ at, kind, try: number, worker, reason })),
  }
}
