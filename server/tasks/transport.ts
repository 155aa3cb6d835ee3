import type { TaskError, TaskWorkerView } from '#protocol/tasks.ts'

/** A task on its way to whoever carries it out. */
export interface QueuedTask {
  readonly id: string
  readonly name: string
  /** JSON text of an object or a list. */
  readonly args: string
  readonly queue: string
  readonly priority: number
  /** Milliseconds since 1970. */
  readonly startAt: number
  readonly expiresAt: number | null
  /** Tries before this one. */
  readonly tries: number
  readonly parentId: string | null
  readonly ownerId: string | null
  /** In seconds: when it is asked to end, and when it is ended. Default the configuration's. */
  readonly softLimit?: number
  readonly hardLimit?: number
}

/** What it takes to follow a task that was handed over before this server was started. */
export interface SentTask extends Pick<QueuedTask, 'id' | 'startAt' | 'expiresAt' | 'hardLimit'> {
  /** Milliseconds since 1970; null while nobody has said that it has begun. */
  readonly startedAt: number | null
  readonly worker: string | null
}

/** What whoever carries a task out tells of it. Told twice or late it does no harm: the first final state holds. */
export type TaskNews =
  | { readonly kind: 'started'; readonly id: string; readonly worker: string }
  | { readonly kind: 'progress'; readonly id: string; readonly fraction: number | null; readonly note: string | null }
  | { readonly kind: 'retrying'; readonly id: string; readonly error: TaskError; readonly nextAt: number }
  | { readonly kind: 'succeeded'; readonly id: string; readonly result: string }
  | { readonly kind: 'failed'; readonly id: string; readonly error: TaskError }
  | { readonly kind: 'cancelled'; readonly id: string; readonly reason: string }
  | { readonly kind: 'expired'; readonly id: string }

/** Workers outside of this server, behind a message broker. */
export interface TaskTransport extends AsyncDisposable {
  /**
   * Hands a task over; when this answers the broker has it. Handing the same over again has to be borne by whoever runs it.
   * One that never can be, as there is no queue of that name, is told as `failed`, and this answers as well.
   *
   * @throws AmqpError where it is to be tried again later
   */
  send(task: QueuedTask): Promise<void>
  /** Those that have not ended, at the start. What became of them meanwhile is told. */
  follow(tasks: readonly SentTask[]): void
  /** Asks every worker not to begin it, and to end it where it runs. */
  cancel(id: string): Promise<void>
  /** Whether some worker is known to run tasks of this name; the nearest names are for the refusal. */
  knows(name: string): boolean
  /** Names that workers out there know, this server's own among them. */
  names(): readonly string[]
  workers(): readonly TaskWorkerView[]
  /** How many messages wait in each queue, of those that the broker has. */
  depths(): Promise<ReadonlyMap<string, number>>
  /** Everything that is told of tasks sent from here, also by another node or before a restart. */
  onNews(listener: (news: TaskNews) => Promise<void>): void
}
