import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import type { TaskView } from '#protocol/tasks.ts'
import { sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const add = { name: 'carillon.add', args: { x: 2, y: 3 } }

/** With a task of the site that writes a file, for operators and administrators. */
async function start() {
  const folder = temporaryFolder()
  await writeFile(
    join(folder, 'writes.mjs'),
    `import { writeFile } from 'node:fs/promises'
    export default ({ z, task }) => task({
      name: 'site.writes', description: 'Writes a page.', arguments: z.object({}),
      async run(_, { file }) { await writeFile(await file('page.html', 'text/html'), '<script>alert(1)</script>') },
    })`,
  )
  const config = join(temporaryFolder(), 'carillon.config.json')
  await writeFile(config, JSON.stringify({ tasks: { folder } }))
  return startServerProcess({ config })
}

async function submitted(server: ServerProcess, token: string, body: object): Promise<TaskView> {
  const answer = await server.api('POST', '/api/v1/tasks', { headers: bearer(token), body })
  expect(answer).toMatchObject({ status: 202 })
  return answer.body as TaskView
}

async function ended(server: ServerProcess, token: string, id: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { body } = await server.api('GET', `/api/v1/tasks/${id}`, { headers: bearer(token) })
      expect(body).toMatchObject({ state: 'succeeded' })
    },
    { timeout: 20_000, interval: 100 },
  )
}

test('a client submits over its socket, sees it run and is pushed the result', async () => {
  await using server = await start()
  const { id: userId, token } = await signIn(server, 'vera@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
  const told: { task: TaskView; result?: unknown }[] = []
  const own = sdk.client.newSubscription(`#${userId}`)
  own.on('publication', ({ data }) => void told.push(data))
  own.subscribe()
  sdk.client.connect()
  await own.ready(20_000)
  const { data } = await sdk.client.rpc('tasks.submit', { ...add, args: { x: 2, y: 3, seconds: 1 } })
  await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ task: { state: 'succeeded' }, result: 5 }), 20_000)
  expect(new Set(told.map(({ task }) => task.id))).toEqual(new Set([data.id]))
  expect(told.some(({ task: { progress } }) => progress !== null && progress > 0 && progress < 1)).toBe(true)
  const definitions = (await sdk.client.rpc('tasks.definitions', {})).data.items as { name: string }[]
  expect(definitions.map(({ name }) => name)).toContain('carillon.add')
  expect(definitions.map(({ name }) => name)).not.toContain('site.writes')
  await expect(sdk.client.rpc('tasks.submit', { name: 'site.writes' })).rejects.toMatchObject({
    code: rpcErrors.forbidden,
  })
  await expect(sdk.client.rpc('tasks.submit', { name: 'carillon.adds' })).rejects.toMatchObject({
    ...{ code: rpcErrors.unknown_task, message: expect.stringContaining('carillon.add') },
  })
})

test('a task is seen, cancelled and read by its owner and by operators, and by nobody else', async () => {
  await using server = await start()
  const vera = await signIn(server, 'vera@example.org', 'viewer')
  const viktor = await signIn(server, 'viktor@example.org', 'viewer')
  const ola = await signIn(server, 'ola@example.org', 'operator')
  const { id } = await submitted(server, vera.token, { ...add, countdown: 3600 })
  const ask = async (token: string, method: string, path: string) =>
    (await server.api(method, `/api/v1${path}`, { headers: bearer(token) })) as { status: number; body: object }
  for (const [method, path] of [
    ['GET', `/tasks/${id}`],
    ['POST', `/tasks/${id}/cancel`],
    ['POST', `/tasks/${id}/retry`],
    ['GET', `/tasks/${id}/files/page.html`],
  ] as const) {
    expect(await ask(viktor.token, method, path), path).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
  expect(await ask(viktor.token, 'GET', '/tasks')).toMatchObject({ status: 200, body: { items: [] } })
  expect(await ask(ola.token, 'GET', '/tasks?mine=true')).toMatchObject({ status: 200, body: { items: [] } })
  expect(await ask(ola.token, 'GET', '/tasks')).toMatchObject({ body: { items: [{ id, state: 'waiting' }] } })
  expect(await ask(ola.token, 'POST', `/tasks/${id}/cancel`)).toMatchObject({ body: { state: 'cancelled' } })
  expect(await ask(vera.token, 'GET', `/tasks/${id}`)).toMatchObject({ body: { state: 'cancelled' } })
  const audit = await server.cli(['audit', '--action', 'task_cancel', '--json'])
  expect(audit.output).toContain('ola@example.org')
})

test('a file is saved, and is never a page of this site', async () => {
  await using server = await start()
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const { id } = await submitted(server, token, { name: 'site.writes' })
  await ended(server, token, id)
  const answer = await server.api('GET', `/api/v1/tasks/${id}/files/page.html`, { headers: bearer(token) })
  expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: '<script>alert(1)</script>' })
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  for (const name of ['other.html', '..%2f..%2fsecret.key', '%2e%2e']) {
    const other = await server.api('GET', `/api/v1/tasks/${id}/files/${name}`, { headers: bearer(token) })
    expect(other.status, name).toBe(404)
  }
})

test('a key with the scope runs tasks, over HTTP and as a method, and one without does not', async () => {
  await using server = await start()
  const headers = { 'x-api-key': await createKey(server, ['tasks']) }
  expect(await server.api('POST', '/api/v1/tasks', { headers, body: add })).toMatchObject({ status: 202 })
  const called = await server.api('POST', '/api/rpc', { headers, body: { method: 'tasks.submit', params: add } })
  expect(called.body).toMatchObject({ result: { data: { name: 'carillon.add', owner: { name: expect.any(String) } } } })
  const other = { 'x-api-key': await createKey(server, ['publish']) }
  expect(await server.api('POST', '/api/v1/tasks', { headers: other, body: add })).toMatchObject({ status: 403 })
  expect(await server.api('GET', '/api/v1/task-queues', { headers })).toMatchObject({ status: 403 })
  // Whoever has the key has what is the key's, and nobody else's.
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const { id } = await submitted(server, token, add)
  const list = await server.api('GET', '/api/v1/tasks', { headers })
  expect((list.body as { items: object[] }).items).toHaveLength(2)
  expect(await server.api('GET', `/api/v1/tasks/${id}`, { headers })).toMatchObject({ status: 404 })
  const refused = await server.api('POST', '/api/rpc', { headers: other, body: { method: 'tasks.list' } })
  expect(refused.body).toMatchObject({ error: { code: rpcErrors.forbidden } })
})
