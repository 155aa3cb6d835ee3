import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ada, startTasks } from '../tasks-rig-fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** A service that answers with these states, one after the other. */
async function service(...statuses: readonly number[]) {
  const received: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = []
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) })
    const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200
    response.writeHead(status, { location: '/elsewhere' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

const answers = (privateHosts: readonly string[]) => ({ webhook: async () => ({ secret, privateHosts }) })

test('a webhook is signed so that Standard Webhooks libraries verify it', async () => {
  const { url, received } = await service(204)
  await using rig = await startTasks({ answers: answers(['127.0.0.1']) })
  const task = await rig.tasks.submit(ada, { name: 'carillon.webhook', args: { url, body: { rang: true } } })
  expect(await rig.end(task)).toMatchObject({ state: 'succeeded', result: { status: 204 } })
  const [{ headers, body } = { headers: {}, body: '' }] = received
  expect(body).toBe('{"rang":true}')
  expect(headers['webhook-id']).toBe(`msg_${task.id}`)
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(30)
})

test('it is tried again while the service cannot take it, and not where it does not want it', async () => {
  const busy = await service(503, 429, 200)
  const gone = await service(410)
  const moved = await service(302)
  let aheadMs = 0
  await using rig = await startTasks({ answers: answers(['127.0.0.1']), clock: () => Date.now() + aheadMs })
  const submit = (url: string) => rig.tasks.submit(ada, { name: 'carillon.webhook', args: [url, {}] })
  const tried = await submit(busy.url)
  for (const tries of [1, 2]) {
    await expect
      .poll(() => rig.statesOf(tried).filter((state) => state === 'retrying').length, { timeout: 20_000 })
      .toBe(tries)
    aheadMs += 60_000
  }
  expect(await rig.end(tried)).toMatchObject({ state: 'succeeded', tries: 3 })
  expect(new Set(busy.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(await rig.end(await submit(gone.url))).toMatchObject({ state: 'failed', tries: 1 })
  expect(await rig.end(await submit(moved.url))).toMatchObject({
    state: 'failed',
    tries: 1,
    error: { type: 'WebhookError', message: expect.stringContaining('Redirects are not followed') },
  })
  expect(moved.received).toHaveLength(1)
})

test('it goes to no private network unless that is configured', async () => {
  const { url, received } = await service(200)
  await using rig = await startTasks({ answers: answers([]) })
  const task = await rig.tasks.submit(ada, { name: 'carillon.webhook', args: { url, body: null } })
  expect(await rig.end(task)).toMatchObject({
    state: 'failed',
    tries: 1,
    error: { message: expect.stringContaining('private_hosts') },
  })
  expect(received).toEqual([])
})
