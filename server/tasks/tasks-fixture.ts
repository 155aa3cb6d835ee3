import { randomUUID } from 'node:crypto'
import { type TaskDetail, type TaskView, taskView } from '#protocol/tasks.ts'
import type { Identity } from '#server/auth/identity.ts'
import { TaskRefusal } from './task-refusal.ts'
import type { Tasks } from './tasks.ts'

export const at = '2026-01-02T03:04:05.000Z'

/** Tasks that are kept in a map and that nobody ever begins, for tests of what stands in front of them. */
export function createHeldTasks(): Omit<Tasks, typeof Symbol.asyncDispose> {
  const held = new Map<string, TaskDetail>()
  const find = (by: Identity, id: string): TaskDetail => {
    const task = held.get(id)
    if (task === undefined || (by.role !== 'admin' && task.owner?.id !== by.userId)) {
      throw new TaskRefusal('not_found', 'There is no such task.')
    }
    return task
  }
  const viewOf = (task: TaskDetail): TaskView => taskView.parse(task)
  const tasks: Omit<Tasks, typeof Symbol.asyncDispose> = {
    async submit(by, { name, id = randomUUID(), args = {} }) {
      if (name !== 'carillon.add') throw new TaskRefusal('unknown_task', 'There is no task of this name.')
      const errors = [{ path: 'x', message: 'Give a number.' }]
      if (!('x' in args)) throw new TaskRefusal('bad_arguments', 'x: Give a number.', { errors })
      const owner = { id: by.userId, name: by.name }
      const task = held.get(id) ?? { ...waiting, id, name, args, owner }
      held.set(id, task)
      return viewOf(task)
    },
    get: async (by, id) => find(by, id),
    list: async (by) => ({
      items: [...held.values()].filter(({ owner }) => owner?.id === by.userId).map(viewOf),
      next: null,
    }),
    async cancel(by, id) {
      const task = find(by, id)
      if (task.state === 'cancelled') throw new TaskRefusal('task_ended', 'The task has ended.')
      held.set(id, { ...task, state: 'cancelled', endedAt: at })
      return viewOf(find(by, id))
    },
    async retry(by, id) {
      const { name, args, state } = find(by, id)
      if (state !== 'cancelled') throw new TaskRefusal('task_not_ended', 'The task has not ended.')
      return tasks.submit(by, { name, args })
    },
    async file() {
      throw new TaskRefusal('not_found', 'There is no such file.')
    },
    definitions: async () => [],
    queues: async () => [{ name: 'celery', waiting: held.size, running: 0, oldestAt: null }],
    workers: async () => [],
  }
  return tasks
}

const waiting: Omit<TaskDetail, 'id' | 'name' | 'args' | 'owner'> = {
  state: 'waiting',
  queue: 'celery',
  priority: 0,
  submittedAt: at,
  startAt: at,
  expiresAt: null,
  startedAt: null,
  endedAt: null,
  tries: 0,
  progress: null,
  note: null,
  worker: null,
  error: null,
  files: [],
  isCancelling: false,
  result: null,
  keptUntil: null,
  parentId: null,
  schedule: null,
  events: [],
}
