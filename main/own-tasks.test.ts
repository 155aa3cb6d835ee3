import { expect, test, vi } from 'vitest'
import type { OwnTasksState } from '#protocol/ipc.ts'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import type { TaskView } from '#protocol/tasks.ts'
import type { ChannelListener } from './link.ts'
import { memoryLog } from './log.ts'
import { createOwnTasks } from './own-tasks.ts'

const at = '2026-01-02T03:04:05.000Z'
const ids = ['0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a51', '0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a52'] as const

function task(part: Partial<TaskView> = {}): TaskView {
  return {
    ...{ id: ids[0], name: 'carillon.add', state: 'running', owner: { id: 'u1', name: 'Ada' }, queue: 'celery' },
    ...{ priority: 0, submittedAt: at, startAt: at, expiresAt: null, startedAt: at, endedAt: null, tries: 1 },
    ...{ progress: 0.1, note: null, worker: 'w', error: null, files: [], isCancelling: false },
    ...part,
  }
}
const detail = (view: TaskView, result: unknown) => ({
  ...view,
  ...{ args: {}, result, keptUntil: null, parentId: null, schedule: null, events: [] },
})
const definition = {
  ...{ name: 'carillon.add', description: 'Adds.', queue: 'celery', arguments: null, roles: ['viewer'] },
  ...{ schedule: null, nextAt: null },
}

/** A server in a few variables, behind a link that may be down. */
function open() {
  const server = { tasks: [] as TaskView[], results: new Map<string, unknown>(), isUp: true }
  const calls: [string, unknown][] = []
  const held: (() => void)[] = []
  let holds = false
  let listener: ChannelListener | null = null
  const answer = (method: string, data: { id?: string; name?: string }): unknown => {
    if (method === 'tasks.definitions') return { items: [definition] }
    if (method === 'tasks.list') return { items: server.tasks, next: null }
    const found = server.tasks.find(({ id }) => id === data.id)
    if (method === 'tasks.get' && found) return detail(found, server.results.get(found.id))
    if (method === 'tasks.submit') return task({ id: String(data.id), name: String(data.name), state: 'waiting' })
    throw { code: rpcErrors.not_found, message: 'There is no such task.' }
  }
  const states: OwnTasksState[] = []
  const tasks = createOwnTasks({
    link: {
      async rpc(method, data) {
        calls.push([method, data])
        if (!server.isUp) throw { code: 0, message: 'not connected' }
        const answered = answer(method, data as object)
        if (holds) await new Promise<void>((resolve) => held.push(resolve))
        return answered
      },
      subscribe(channel, given) {
        calls.push(['subscribe', channel])
        listener = given
        given.subscribed(null, false)
        return { history: () => Promise.reject(new Error('not asked')), [Symbol.dispose]() {} }
      },
    },
    log: memoryLog(),
    withDefinitions: true,
    onState: (state) => void states.push(state),
  })
  return {
    ...{ tasks, server, calls, states },
    push: (view: TaskView, result?: unknown) =>
      listener?.publication({ data: { type: 'task', task: view, ...(result !== undefined && { result }) } }),
    publish: (data: unknown) => listener?.publication({ data }),
    hold() {
      holds = true
    },
    release() {
      holds = false
      for (const go of held.splice(0)) go()
    },
    shown: () => tasks.state.tasks.map((one) => [one.task.state, one.task.progress, one.result]),
  }
}

test('what is pushed moves the bar and brings the result', async () => {
  const { tasks, push, publish, shown } = open()
  tasks.belongTo('u1')
  push(task())
  push(task({ progress: 0.6, note: 'page 3' }))
  publish({ title: 'Something else' })
  expect(shown()).toEqual([['running', 0.6, undefined]])
  push(task({ state: 'succeeded', progress: 1 }), { sum: 3 })
  expect(shown()).toEqual([['succeeded', 1, { sum: 3 }]])
})

test('what ended while nobody listened is found with its result, and what may be started', async () => {
  const { tasks, server, push, shown } = open()
  tasks.belongTo('u1')
  push(task())
  server.tasks = [task({ state: 'succeeded', progress: 1 })]
  server.results.set(ids[0], 'done')
  tasks.refresh()
  await vi.waitFor(() => expect(shown()).toEqual([['succeeded', 1, 'done']]))
  expect(tasks.state.definitions).toMatchObject([{ name: 'carillon.add' }])
})

test('what was pushed while the list was on its way is newer than the list', async () => {
  const { tasks, server, calls, push, shown, hold, release } = open()
  server.tasks = [task({ progress: 0.2 })]
  hold()
  tasks.belongTo('u1')
  release()
  hold()
  await vi.waitFor(() => expect(calls.map(([method]) => method)).toContain('tasks.list'))
  push(task({ progress: 0.9 }))
  push(task({ id: ids[1], progress: 0.3 }))
  release()
  await vi.waitFor(() => expect(shown()).toHaveLength(2))
  expect(new Set(shown().map(([, progress]) => progress))).toEqual(new Set([0.9, 0.3]))
})

test('what has ended stays ended, whatever arrives late', () => {
  const { tasks, push, shown } = open()
  tasks.belongTo('u1')
  push(task({ state: 'failed', error: { type: 'Error', message: 'No.' } }))
  push(task({ progress: 0.9 }))
  expect(shown()).toEqual([['failed', 0.1, undefined]])
})

test('a task is started under an id of its own, and is there at once', async () => {
  const { tasks, calls, shown } = open()
  expect(await tasks.submit('carillon.add', { x: 1 })).toEqual({ ok: true })
  const id = expect.stringMatching(/^[\da-f-]{36}$/)
  expect(calls).toEqual([['tasks.submit', { id, name: 'carillon.add', args: { x: 1 } }]])
  expect(shown()).toEqual([['waiting', 0.1, undefined]])
})

test('what the server refuses is said in its words, and without one what to do', async () => {
  const { tasks, server } = open()
  const refused = { ok: false, code: 'not_found', message: 'There is no such task.' }
  expect(await tasks.cancel(ids[0])).toEqual(refused)
  server.isUp = false
  expect(await tasks.retry(ids[0])).toMatchObject({ ok: false, code: 'server_unreachable' })
})

test('the newest twenty are kept, the newest first', () => {
  const { tasks, push } = open()
  tasks.belongTo('u1')
  for (let n = 10; n < 40; n++) {
    push(task({ id: `0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a${n}`, submittedAt: `2026-01-02T03:04:${n}.000Z` }))
  }
  expect(tasks.state.tasks.map((one) => one.task.submittedAt.slice(17, 19))).toEqual(
    Array.from({ length: 20 }, (_, n) => String(39 - n)),
  )
})

test('after its owner has left nothing is told any more', async () => {
  const { tasks, server, states, push } = open()
  tasks.belongTo('u1')
  tasks[Symbol.dispose]()
  const before = states.length
  server.tasks = [task()]
  push(task())
  tasks.refresh()
  await new Promise((later) => setImmediate(later))
  expect(states.length).toBe(before)
})
