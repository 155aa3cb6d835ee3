import { expect, test } from 'vitest'
import { sdkClient, ticketFor } from '../support/sdk-client.ts'
import { signIn } from '../support/server-process.ts'
import { asker, startTaskServer } from './tasks-rig.ts'

const module = (name: string, body: string, more = '') => `export default ({ z, task }) => task({
  name: '${name}', description: 'A test.', arguments: z.object({}), ${more} async run(args, context) { ${body} },
})`

test('whoever asked sees progress and result pushed, also what came while the socket was gone', async () => {
  const { server, token, submit } = await startTaskServer()
  const { body } = await server.api('GET', '/api/v1/me', { headers: { authorization: `Bearer ${token}` } })
  const channel = `#${(body as { id: string }).id}`
  using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
  const pushes: { task: { id: string; state: string; progress: number | null }; result?: unknown }[] = []
  const subscription = sdk.client.newSubscription(channel)
  subscription.on('publication', ({ data }) => pushes.push(data))
  const subscribed = new Promise((resolve) => subscription.once('subscribed', resolve))
  subscription.subscribe()
  sdk.client.connect()
  await subscribed
  const task = await submit('carillon.add', { x: 20, y: 22, seconds: 3 })
  await expect.poll(() => pushes.some(({ task: { progress } }) => (progress ?? 0) > 0), { timeout: 20_000 }).toBe(true)
  sdk.client.disconnect()
  const { end } = asker(server, token)
  await end(task.id)
  expect(pushes.some(({ task: { state } }) => state === 'succeeded')).toBe(false)
  sdk.client.connect()
  await expect
    .poll(() => pushes.at(-1), { timeout: 20_000 })
    .toMatchObject({ task: { id: task.id, state: 'succeeded' }, result: 42 })
})

test('nobody else hears of it, but for operators', async () => {
  const { server, submit } = await startTaskServer()
  const task = await submit('carillon.add', [1, 1])
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, viewer.token) })
  sdk.client.connect()
  const refusal = (channel: string) =>
    new Promise((resolve) => {
      const subscription = sdk.client.newSubscription(channel)
      subscription.once('unsubscribed', ({ code }) => resolve(code))
      subscription.once('subscribed', () => resolve('subscribed'))
      subscription.subscribe()
    })
  expect(await refusal(`#${task.owner?.id}`)).toBe(103)
  expect(await refusal('tasks:all')).toBe(103)
  await expect(asker(server, viewer.token).get(task.id)).rejects.toThrow('404')
})

test('a task that throws, never ends, exits or eats memory has failed, and the server goes on', async () => {
  const { submit, end, server } = await startTaskServer(
    {
      'a.mjs': module('site.throws', `throw new Error('no')`),
      'b.mjs': module('site.never', 'for (;;);', 'hardLimit: 1,'),
      'c.mjs': module('site.exits', 'process.exit(7)'),
      'd.mjs': module('site.eats', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))'),
      'e.mjs': module('site.large', `return 'x'.repeat(400_000)`),
      'f.mjs': `throw new Error('broken')`,
    },
    { memory: 64 },
  )
  const { pid } = server
  const typeOf = async (name: string) => (await end((await submit(name)).id)).error?.type
  expect(await typeOf('site.throws')).toBe('Error')
  expect(await typeOf('site.never')).toBe('time_limit')
  expect(await typeOf('site.exits')).toBe('worker_exited')
  expect(await typeOf('site.eats')).toBe('out_of_memory')
  expect(await typeOf('site.large')).toBe('result_too_large')
  await expect(submit('site.throwz')).rejects.toThrow('site.throws')
  expect(await end((await submit('carillon.add', [1, 1])).id)).toMatchObject({ result: 2 })
  expect(server.pid).toBe(pid)
  await expect.poll(server.output).toContain('f.mjs')
})

test('one owner’s thousand tasks do not keep another’s from their turn', async () => {
  const { server, submit, count } = await startTaskServer({}, { concurrency: 1 })
  for (let number = 0; number < 300; number++) await submit('carillon.add', { x: number, y: 1, seconds: 0.1 })
  const other = await signIn(server, 'vic@example.org', 'viewer')
  const theirs = asker(server, other.token)
  const { id } = await theirs.submit('carillon.add', [1, 1])
  expect(await theirs.end(id)).toMatchObject({ state: 'succeeded' })
  expect(await count('state=waiting')).toBeGreaterThan(100)
})

test('of several processes one carries out what any of them is asked for', async () => {
  const { server, submit, end, cancel } = await startTaskServer({}, {}, { CARILLON_PROCESSES: '2' })
  const tasks = await Promise.all(Array.from({ length: 20 }, (_, number) => submit('carillon.add', [number, 1])))
  for (const [number, { id }] of tasks.entries()) expect(await end(id)).toMatchObject({ result: number + 1, tries: 1 })
  const long = await submit('carillon.add', { x: 1, y: 1, seconds: 50 })
  expect((await cancel(long.id)).status).toBe(200)
  expect(await end(long.id)).toMatchObject({ state: 'cancelled' })
  expect(server.output()).not.toContain('"level":50')
})
