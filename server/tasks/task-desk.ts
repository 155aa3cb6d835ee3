import type { TaskQuery, TaskQueueView, TaskRequest, TaskView, TaskWorkerView } from '#protocol/tasks.ts'
import type { Audit } from '#server/auth/audit.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import { TaskRefusal } from './task-refusal.ts'
import type { Tasks } from './tasks.ts'

/**
 * Tasks as they are asked for over HTTP and the socket: who may ask at all is decided here, and what people did is put on
 * record. Everything also throws `forbidden`.
 */
export interface TaskDesk extends Pick<Tasks, 'get' | 'list' | 'cancel' | 'retry' | 'file' | 'definitions'> {
  /** `isNew` is false where the task with this id was there. */
  submit(by: Identity, request: TaskRequest): Promise<{ readonly task: TaskView; readonly isNew: boolean }>
  queues(by: Identity): Promise<readonly TaskQueueView[]>
  workers(by: Identity): Promise<readonly TaskWorkerView[]>
}

export interface TaskDeskOptions {
  readonly tasks: Omit<Tasks, typeof Symbol.asyncDispose>
  readonly audit: Pick<Audit, 'record'>
}

export function createTaskDesk({ tasks, audit }: TaskDeskOptions): TaskDesk {
  /** Services and schedules submit by the thousand: those are in the log, and the task itself says whose it is. */
  async function record(by: Identity, action: 'task_submit' | 'task_cancel' | 'task_retry', task: TaskView) {
    if (by.kind !== 'user' && by.kind !== 'local') return
    const target = { kind: 'task', id: task.id, name: task.name } as const
    const { owner } = task
    const isAnothers = owner !== null && owner.id !== by.userId
    await audit.record({ action, actor: by, target, ...(isAnothers && { details: { owner: owner.name } }) })
  }

  async function isThere(by: Identity, id: string | undefined): Promise<boolean> {
    if (id === undefined) return false
    try {
      await tasks.get(by, id)
      return true
    } catch (error) {
      if (error instanceof TaskRefusal && error.code === 'not_found') return false
      throw error
    }
  }

  return {
    async submit(by, request) {
      checkUse(by)
      const isNew = !(await isThere(by, request.id))
      const task = await tasks.submit(by, request)
      if (isNew) await record(by, 'task_submit', task)
      return { task, isNew }
    },
    async get(by, id) {
      checkUse(by)
      return tasks.get(by, id)
    },
    async list(by, query: TaskQuery) {
      checkUse(by)
      return tasks.list(by, query)
    },
    async cancel(by, id) {
      checkUse(by)
      const task = await tasks.cancel(by, id)
      await record(by, 'task_cancel', task)
      return task
    },
    async retry(by, id) {
      checkUse(by)
      const task = await tasks.retry(by, id)
      await record(by, 'task_retry', task)
      return task
    },
    async file(by, id, name) {
      checkUse(by)
      return tasks.file(by, id, name)
    },
    async definitions(by) {
      checkUse(by)
      return tasks.definitions(by)
    },
    async queues(by) {
      checkOversight(by)
      return tasks.queues()
    },
    async workers(by) {
      checkOversight(by)
      return tasks.workers()
    },
  }
}

/** Which tasks somebody may submit, and which they see, is each task's own affair. */
function checkUse(by: Identity): void {
  refuse(forbiddenBecause(by, ['admin', 'operator', 'viewer', 'device'], 'tasks'))
}

function checkOversight(by: Identity): void {
  refuse(forbiddenBecause(by, ['admin', 'operator'], 'admin'))
}

function refuse(because: string | null): void {
  if (because !== null) throw new TaskRefusal('forbidden', because)
}
