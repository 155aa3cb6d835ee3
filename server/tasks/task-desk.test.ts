import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { type RpcErrorName, rpcErrors } from '#protocol/rpc-errors.ts'
import type { AuditEntry } from '#server/auth/audit.ts'
import type { Identity } from '#server/auth/identity.ts'
import { taskMethods } from './rpc-methods.ts'
import { createTaskDesk } from './task-desk.ts'
import type { TaskRefusalCode } from './task-refusal.ts'
import { createHeldTasks } from './tasks-fixture.ts'

const ada: Identity = {
  kind: 'user',
  userId: 'ada',
  sessionId: 's1',
  name: 'Ada',
  email: 'ada@example.org',
  role: 'admin',
}
const vera: Identity = { ...ada, userId: 'vera', name: 'Vera', email: 'vera@example.org', role: 'viewer' }
const lobby: Identity = {
  ...{ kind: 'device', userId: 'd1', sessionId: 's2', name: 'lobby-1', role: 'device' },
  device: { id: 'd1', name: 'lobby-1' },
}
const robot: Identity = { kind: 'key', userId: 'k1', keyId: 'k1', name: 'robot', role: 'operator', scopes: ['tasks'] }
const shop: Identity = {
  ...{ kind: 'grant', userId: 'vera', grantId: 'g1', name: 'Vera', role: 'viewer', expiresAt: 4e9 },
  ...{ client: { id: 'shop', name: 'Shop' }, scopes: ['tasks'] },
}
const add = { name: 'carillon.add', args: { x: 1 } }

function openDesk() {
  const recorded: AuditEntry[] = []
  const record = async (entry: AuditEntry) => void recorded.push(entry)
  const desk = createTaskDesk({ tasks: createHeldTasks(), audit: { record } })
  const methods = taskMethods(desk)
  const call = (identity: Identity, method: string, data?: unknown) => {
    const handler = methods.get(method)
    if (handler === undefined) throw new Error(`There is no ${method}.`)
    return handler({ identity, client: 'c1', data, signal: AbortSignal.timeout(5000) })
  }
  return { desk, call, recorded }
}

test.each([
  ['a person', vera],
  ['a device', lobby],
  ['a key with the scope', robot],
  ['a service that a person let in', shop],
])('%s submits tasks and sees them', async (_, by) => {
  const { desk } = openDesk()
  const { task, isNew } = await desk.submit(by, add)
  expect(isNew).toBe(true)
  expect(await desk.get(by, task.id)).toMatchObject({ id: task.id, args: { x: 1 }, owner: { id: by.userId } })
  expect((await desk.list(by, { limit: 10 })).items.map(({ id }) => id)).toEqual([task.id])
})

test.each([
  ['a key without the scope', { ...robot, scopes: ['publish', 'subscribe'] }],
  ['a service that was let in for something else', { ...shop, scopes: ['publish'] }],
] as const)('%s may ask for nothing', async (_, by) => {
  const { desk } = openDesk()
  const forbidden = { code: 'forbidden', message: expect.stringContaining('scope') }
  await expect(desk.submit(by, add)).rejects.toMatchObject(forbidden)
  for (const asked of [desk.get(by, 'a'), desk.cancel(by, 'a'), desk.retry(by, 'a'), desk.file(by, 'a', 'b')]) {
    await expect(asked).rejects.toMatchObject(forbidden)
  }
  await expect(desk.list(by, { limit: 10 })).rejects.toMatchObject(forbidden)
  await expect(desk.definitions(by)).rejects.toMatchObject(forbidden)
})

test('queues and workers are for operators, administrators and their keys', async () => {
  const { desk } = openDesk()
  for (const by of [ada, { ...vera, role: 'operator' as const }, { ...robot, scopes: ['admin' as const] }]) {
    expect(await desk.queues(by)).toHaveLength(1)
    expect(await desk.workers(by)).toEqual([])
  }
  for (const by of [vera, lobby, robot, shop]) {
    await expect(desk.queues(by)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(desk.workers(by)).rejects.toMatchObject({ code: 'forbidden' })
  }
})

test('the same id again is the same task, and is said to be', async () => {
  const { desk, recorded } = openDesk()
  const id = randomUUID()
  expect(await desk.submit(vera, { ...add, id })).toMatchObject({ isNew: true, task: { id } })
  expect(await desk.submit(vera, { ...add, id })).toMatchObject({ isNew: false, task: { id } })
  expect(recorded).toHaveLength(1)
})

test('what people do is on record, with whose task it was; what services do is not', async () => {
  const { desk, recorded } = openDesk()
  const { task } = await desk.submit(vera, add)
  await desk.cancel(ada, task.id)
  const again = await desk.retry(vera, task.id)
  await desk.submit(robot, add)
  await desk.submit(lobby, add)
  const target = (id: string) => ({ kind: 'task', id, name: 'carillon.add' })
  expect(recorded).toEqual([
    { action: 'task_submit', actor: vera, target: target(task.id) },
    { action: 'task_cancel', actor: ada, target: target(task.id), details: { owner: 'Vera' } },
    { action: 'task_retry', actor: vera, target: target(again.id) },
  ])
})

test('a socket asks for all of it', async () => {
  const { call } = openDesk()
  const { id } = (await call(vera, 'tasks.submit', add)) as { id: string }
  expect(await call(vera, 'tasks.get', { id })).toMatchObject({ state: 'waiting', args: { x: 1 } })
  expect(await call(vera, 'tasks.list')).toMatchObject({ items: [{ id }], next: null })
  expect(await call(vera, 'tasks.list', { limit: 5, mine: true, state: 'waiting' })).toMatchObject({ items: [{ id }] })
  expect(await call(vera, 'tasks.cancel', { id })).toMatchObject({ id, state: 'cancelled' })
  expect(await call(vera, 'tasks.retry', { id })).toMatchObject({ state: 'waiting' })
  expect(await call(vera, 'tasks.definitions')).toEqual({ items: [] })
})

test.each([
  ['tasks.submit', { name: 'nothing' }, 'unknown_task'],
  ['tasks.submit', { name: 'carillon.add' }, 'bad_arguments'],
  ['tasks.submit', { ...add, countdown: 5, eta: '2026-01-02T03:04:05Z' }, 'bad_request'],
  ['tasks.submit', undefined, 'bad_request'],
  ['tasks.get', { id: randomUUID() }, 'not_found'],
  ['tasks.get', { id: 'seven' }, 'bad_request'],
  ['tasks.cancel', null, 'bad_request'],
  ['tasks.list', { limit: 5000 }, 'bad_request'],
] as const)('%s with %j is refused with its own code', async (method, data, name) => {
  const { call } = openDesk()
  await expect(call(vera, method, data)).rejects.toMatchObject({
    name: 'RpcError',
    code: rpcErrors[name],
    message: expect.stringMatching(/./),
  })
})

test('every refusal has a code of its own, in the range of applications', () => {
  const all = {
    ...{ unknown_task: 0, bad_arguments: 0, forbidden: 0, not_found: 0, task_exists: 0, task_ended: 0 },
    ...{ task_not_ended: 0, too_many_tasks: 0, unavailable: 0 },
  } satisfies Record<TaskRefusalCode, 0>
  const names = Object.keys(all) as RpcErrorName[]
  const codes = names.map((name) => rpcErrors[name])
  expect(codes.every((code) => code >= 400 && code <= 1999)).toBe(true)
  expect(new Set(Object.values(rpcErrors)).size).toBe(Object.keys(rpcErrors).length)
})
