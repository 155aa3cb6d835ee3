/** What is refused about a task, for whoever asked. */
export type TaskRefusalCode =
  | 'unknown_task'
  | 'bad_arguments'
  | 'forbidden'
  | 'not_found'
  | 'task_exists'
  | 'task_ended'
  | 'task_not_ended'
  | 'too_many_tasks'
  | 'unavailable'

/** `message` is a sentence that says what to do. */
export class TaskRefusal extends Error {
  override readonly name = 'TaskRefusal'
  readonly code: TaskRefusalCode
  /** What is wrong with each argument. */
  readonly errors: readonly { readonly path: string; readonly message: string }[]

  constructor(
    code: TaskRefusalCode,
    message: string,
    options: ErrorOptions & Partial<Pick<TaskRefusal, 'errors'>> = {},
  ) {
    super(message, options)
    this.code = code
    this.errors = options.errors ?? []
  }
}
