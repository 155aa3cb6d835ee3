import type {
  TaskDefinitionView,
  TaskDetail,
  TaskQuery,
  TaskQueueView,
  TaskRequest,
  TaskView,
  TaskWorkerView,
} from '#protocol/tasks.ts'
import type { Identity } from '#server/auth/identity.ts'

/** Long work: submitted by somebody, carried out by a worker, followed by whoever asked. Built by `create-tasks.ts`. */
export interface Tasks extends AsyncDisposable {
  /**
   * Accepted once answered: then it is in the records and will have one final state, whatever stops meanwhile. The same
   * id again is answered with the task there is.
   *
   * @throws TaskRefusal `unknown_task`, `bad_arguments`, `forbidden`, `task_exists`, `too_many_tasks`
   */
  submit(by: Identity, request: TaskRequest): Promise<TaskView>
  /** @throws TaskRefusal `not_found`, also where it is another's */
  get(by: Identity, id: string): Promise<TaskDetail>
  list(by: Identity, query: TaskQuery): Promise<{ readonly items: readonly TaskView[]; readonly next: string | null }>
  /** At once when it waits; asked to end, when it runs. @throws TaskRefusal `not_found`, `task_ended` */
  cancel(by: Identity, id: string): Promise<TaskView>
  /** The same once more, as a new task. @throws TaskRefusal `not_found`, `task_not_ended` */
  retry(by: Identity, id: string): Promise<TaskView>
  /** Where a file of a task lies. @throws TaskRefusal `not_found` */
  file(by: Identity, id: string, name: string): Promise<{ readonly path: string; readonly type: string }>
  /** What this caller may submit. */
  definitions(by: Identity): Promise<readonly TaskDefinitionView[]>
  queues(): Promise<readonly TaskQueueView[]>
  workers(): Promise<readonly TaskWorkerView[]>
}
