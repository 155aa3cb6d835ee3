import type { TaskDefinitionView, TaskDetail, TaskQueueView, TaskRequest, TaskWorkerView } from '#protocol/tasks.ts'
import { send, sendProblem } from './fake-answers.ts'
import type { Route } from './fake-server.ts'

/** What the fake server has to do. */
export interface FakeTasks {
  /** Newest first. */
  tasks: TaskDetail[]
  definitions: TaskDefinitionView[]
  queues: TaskQueueView[]
  workers: TaskWorkerView[]
  /** The query of every time the list was read. */
  readonly reads: string[]
}

export function createFakeTasks(): FakeTasks {
  return { tasks: [], definitions: [], queues: [], workers: [], reads: [] }
}

/** One that `ada` submitted; `number` makes its id. */
export function fakeTask(number: number, more: Partial<TaskDetail> = {}): TaskDetail {
  const submittedAt = more.submittedAt ?? new Date().toISOString()
  return {
    ...{ id: taskId(number), name: 'carillon.export', state: 'waiting', owner: { id: 'u1', name: 'Ada Lovelace' } },
    ...{ queue: 'celery', priority: 0, submittedAt, startAt: submittedAt, expiresAt: null, startedAt: null },
    ...{ endedAt: null, tries: 0, progress: null, note: null, worker: null, error: null, files: [] },
    ...{ isCancelling: false, args: {}, result: null, keptUntil: null, parentId: null, schedule: null },
    events: [{ at: submittedAt, kind: 'submitted', try: null, worker: null, reason: null }],
    ...more,
  }
}

export function taskId(number: number): string {
  return `0b0c2b6e-4f1d-4a52-9c1e-${String(number).padStart(12, '0')}`
}

/** The route of a request, and the id in its path. */
export function taskRoute(method: string, pathname: string): { readonly route?: Route; readonly id: string } {
  const id = /^\/api\/v1\/tasks\/([^/]+)/.exec(pathname)?.[1] ?? ''
  const route = taskRoutes[`${method} ${id === '' ? pathname : pathname.replace(id, '{id}')}`]
  return { id, ...(route && { route }) }
}

const taskRoutes: Readonly<Record<string, Route>> = {
  'GET /api/v1/tasks': ({ tasks }, response, _body, query) => {
    tasks.reads.push(String(query))
    const limit = Number(query.get('limit'))
    const from = Number(query.get('cursor') ?? 0)
    const found = tasks.tasks.filter((task) => isAsked(task, query))
    const next = from + limit < found.length ? String(from + limit) : null
    const items = found.slice(from, from + limit)
    send(response, 200, { items: items.map(({ args: _, result: __, events: ___, ...view }) => view), next })
  },
  'POST /api/v1/tasks': ({ tasks }, response, body) => {
    const { id, name, args } = body as TaskRequest
    const task = fakeTask(0, { id: id ?? taskId(0), name, args: args ?? {} })
    tasks.tasks.unshift(task)
    send(response, 202, task)
  },
  'GET /api/v1/tasks/{id}': ({ tasks }, response, _body, _query, id) => {
    const task = tasks.tasks.find((one) => one.id === id)
    if (task === undefined) sendProblem(response, 'not_found', 'There is no such task.')
    else send(response, 200, task)
  },
  'POST /api/v1/tasks/{id}/cancel': ({ tasks }, response, _body, _query, id) => {
    tasks.tasks = tasks.tasks.map((task) =>
      task.id !== id
        ? task
        : { ...task, ...(task.state === 'running' ? { isCancelling: true } : { state: 'cancelled' }) },
    )
    send(
      response,
      200,
      tasks.tasks.find((one) => one.id === id),
    )
  },
  'POST /api/v1/tasks/{id}/retry': ({ tasks }, response, _body, _query, id) => {
    const again = fakeTask(999, { name: tasks.tasks.find((one) => one.id === id)?.name ?? '' })
    tasks.tasks.unshift(again)
    send(response, 202, again)
  },
  'GET /api/v1/task-definitions': ({ tasks }, response) =>
    send(response, 200, { items: tasks.definitions, next: null }),
  'GET /api/v1/task-queues': ({ tasks }, response) => send(response, 200, { items: tasks.queues, next: null }),
  'GET /api/v1/task-workers': ({ tasks }, response) => send(response, 200, { items: tasks.workers, next: null }),
}

function isAsked(task: TaskDetail, query: URLSearchParams): boolean {
  const is = (name: string, value: string) => (query.get(name) ?? value) === value
  return (
    is('state', task.state) &&
    is('queue', task.queue) &&
    is('owner', task.owner?.name ?? '') &&
    task.name.startsWith((query.get('name') ?? '').replace('*', '')) &&
    task.submittedAt >= (query.get('from') ?? '') &&
    task.submittedAt < (query.get('until') ?? 'z')
  )
}
