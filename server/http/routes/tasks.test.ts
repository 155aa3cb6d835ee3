import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ada, signedIn } from '#server/auth/auth-fixture.ts'
import { startApp } from '../app-fixture.ts'

const add = { name: 'carillon.add', args: { x: 1, y: 2 } }

async function start() {
  const { app, auth, ...server } = await startApp()
  const { token } = await signedIn(auth)
  return {
    ...server,
    auth,
    async ask(method: 'GET' | 'POST', path: string, payload?: object, headers = { authorization: `Bearer ${token}` }) {
      const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) })
      const { statusCode: status, headers: said } = answer
      return { status, location: said.location, type: said['content-type'], body: answer.json() }
    },
  }
}

test('a task is accepted with its address, and can be read there', async () => {
  await using server = await start()
  const submitted = await server.ask('POST', '/tasks', add)
  expect(submitted).toMatchObject({
    status: 202,
    body: { name: 'carillon.add', state: 'waiting', owner: { name: ada.name } },
  })
  const { id } = submitted.body
  expect(submitted.location).toBe(`/api/v1/tasks/${id}`)
  expect(await server.ask('GET', `/tasks/${id}`)).toMatchObject({
    status: 200,
    body: { id, args: add.args, result: null },
  })
  expect(await server.ask('GET', '/tasks?limit=5')).toMatchObject({
    status: 200,
    body: { items: [{ id }], next: null },
  })
})

test('the same id again is answered with the task there is', async () => {
  await using server = await start()
  const id = randomUUID()
  expect(await server.ask('POST', '/tasks', { ...add, id })).toMatchObject({ status: 202 })
  const again = await server.ask('POST', '/tasks', { ...add, id })
  expect(again).toMatchObject({ status: 200, location: `/api/v1/tasks/${id}`, body: { id } })
})

test('a task is cancelled, and run again as another one', async () => {
  await using server = await start()
  const { body } = await server.ask('POST', '/tasks', add)
  expect(await server.ask('POST', `/tasks/${body.id}/cancel`)).toMatchObject({
    status: 200,
    body: { state: 'cancelled' },
  })
  const again = await server.ask('POST', `/tasks/${body.id}/retry`)
  expect(again).toMatchObject({ status: 202, body: { name: 'carillon.add', state: 'waiting' } })
  expect(again.body.id).not.toBe(body.id)
  expect(again.location).toBe(`/api/v1/tasks/${again.body.id}`)
  const { items } = await server.auth.audit.list({}, { limit: 10, cursor: null })
  expect(items.map(({ action, actor }) => [action, actor?.kind]).slice(0, 3)).toEqual([
    ['task_retry', 'user'],
    ['task_cancel', 'user'],
    ['task_submit', 'user'],
  ])
})

test('queues, workers and definitions are whole lists', async () => {
  await using server = await start()
  expect(await server.ask('GET', '/task-queues')).toMatchObject({ status: 200, body: { items: [{ name: 'celery' }] } })
  expect(await server.ask('GET', '/task-workers')).toMatchObject({ status: 200, body: { items: [], next: null } })
  expect(await server.ask('GET', '/task-definitions')).toMatchObject({ status: 200, body: { items: [], next: null } })
})

test('what is refused is a problem document with the code of the refusal', async () => {
  await using server = await start()
  const type = expect.stringContaining('application/problem+json')
  expect(await server.ask('POST', '/tasks', { name: 'nothing' })).toMatchObject({
    ...{ status: 404, type, body: { code: 'unknown_task' } },
  })
  expect(await server.ask('POST', '/tasks', { name: 'carillon.add' })).toMatchObject({
    ...{ status: 400, type },
    body: { code: 'bad_arguments', errors: [{ path: 'x', message: 'Give a number.' }] },
  })
  expect(await server.ask('POST', '/tasks', { ...add, priority: 10 })).toMatchObject({
    ...{ status: 400, body: { code: 'bad_request', errors: [{ path: 'priority' }] } },
  })
  expect(await server.ask('GET', `/tasks/${randomUUID()}`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect(await server.ask('GET', '/tasks/seven')).toMatchObject({ status: 400, body: { code: 'bad_request' } })
  expect(await server.ask('GET', `/tasks/${randomUUID()}/files/a.csv`)).toMatchObject({
    ...{ status: 404, body: { code: 'not_found' } },
  })
  const { body } = await server.ask('POST', '/tasks', add)
  expect(await server.ask('POST', `/tasks/${body.id}/retry`)).toMatchObject({
    ...{ status: 409, body: { code: 'task_not_ended' } },
  })
  await server.ask('POST', `/tasks/${body.id}/cancel`)
  expect(await server.ask('POST', `/tasks/${body.id}/cancel`)).toMatchObject({
    status: 409,
    body: { code: 'task_ended' },
  })
})

test('nobody in particular may do none of it', async () => {
  await using server = await start()
  const { id } = (await server.ask('POST', '/tasks', add)).body
  for (const path of [
    '/tasks',
    `/tasks/${id}`,
    `/tasks/${id}/files/a`,
    '/task-definitions',
    '/task-queues',
    '/task-workers',
  ]) {
    expect(await server.ask('GET', path, undefined, { authorization: '' })).toMatchObject({ status: 401 })
  }
  for (const path of ['/tasks', `/tasks/${id}/cancel`, `/tasks/${id}/retry`]) {
    expect(await server.ask('POST', path, add, { authorization: '' })).toMatchObject({ status: 401 })
  }
})
