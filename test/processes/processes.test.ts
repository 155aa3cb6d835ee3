import { Agent, request } from 'node:http'
import { hostname } from 'node:os'
import { json } from 'node:stream/consumers'
import type { DisconnectedContext } from 'centrifuge'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { deviceView, enrolmentAnswer, enrolmentTokenAnswer } from '#protocol/devices.ts'
import { problem } from '#protocol/problem.ts'
import { localSocketPath } from '#server/http/listen.ts'
import { describeWith } from '../support/needs.ts'
import { startRedis } from '../support/redis.ts'
import { collect, jwtFor, next, sdkClient } from '../support/sdk-client.ts'
import {
  bearer,
  createKey,
  freePort,
  password,
  runCarillon,
  type ServerProcess,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'
import { publishStream } from '../support/stream-of-publications.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { expectGone, isAlive, openedOn, workersOf } from '../support/worker-processes.ts'

const twoProcesses = () => startServerProcess({ env: { CARILLON_PROCESSES: '2', CARILLON_LOG_LEVEL: 'debug' } })
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** Clients of one person, connected to both processes, with what each has received in a channel. */
async function clients(server: ServerProcess, token: string, count: number, channel: string) {
  for (;;) {
    const from = server.output().length
    const all = await Promise.all(
      upTo(count).map(async () => {
        const { client } = sdkClient(server, { getToken: jwtFor(server, token) })
        onTestFinished(() => client.disconnect())
        client.connect()
        return { client, ...(await collect(client, channel)) }
      }),
    )
    // Whoever is idle accepts, so that now and then all go to one.
    if (openedOn(server, from).size === 2) return all
    for (const { client } of all) client.disconnect()
  }
}

test('what is published at any of the processes reaches the clients of all, in order', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const all = await clients(server, token, 8, 'news:general')
  expect(openedOn(server)).toEqual(new Set([1, 2]))
  // Each client publishes at the process that it is connected to.
  let offset = 0
  for (const n of upTo(40)) await all[n % all.length]?.subscription.publish({ n })
  for (const { received } of all) {
    await vi.waitFor(() => expect(received).toEqual(upTo(40).map((n) => ({ n }))))
  }
  const { publications } = (await all[0]?.subscription.history({ limit: 100 })) ?? { publications: [] }
  for (const publication of publications) expect(publication.offset).toBe(++offset)
  expect(offset).toBe(40)
})

test('a process that is killed is replaced, and its clients miss nothing of a thousand publications', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  const key = await createKey(server, ['publish'])
  const all = await clients(server, token, 6, 'news:general')
  expect(openedOn(server)).toEqual(new Set([1, 2]))
  const before = workersOf(server)
  await publishStream(server, {
    key,
    channel: 'news:general',
    count: 1000,
    onAcknowledged(n) {
      if (n === 300) process.kill(before[0]?.pid ?? 0, 'SIGKILL')
      if (n === 700) process.kill(before[1]?.pid ?? 0, 'SIGKILL')
    },
  })
  for (const { received } of all) await vi.waitFor(() => expect(received.length).toBe(1000), 20_000)
  for (const { received } of all) expect(received).toEqual(upTo(1000))
  await expect.poll(() => workersOf(server)).toHaveLength(2)
  expect(workersOf(server).map(({ pid }) => pid)).not.toEqual(before.map(({ pid }) => pid))
})

test('whoever asks while processes are killed gets an answer, or a connection that ends', async () => {
  await using server = await twoProcesses()
  for (const round of upTo(4)) {
    const pid = workersOf(server)[round % 2]?.pid ?? 0
    const before = asks(server, 10)
    process.kill(pid, 'SIGKILL')
    const meanwhile = asks(server, 10)
    await expect.poll(() => isAlive(pid)).toBe(false)
    const after = asks(server, 10)
    expect(await Promise.all([...before, ...meanwhile])).not.toContain('nothing')
    // There is only the other process to accept these.
    expect(new Set(await Promise.all(after))).toEqual(new Set(['answered']))
    await expect.poll(() => workersOf(server)).toHaveLength(2)
  }
})

/** Half of them over the port, half over the local socket, each with a connection of its own. */
function asks(server: ServerProcess, count: number) {
  return upTo(count).map((n) => {
    const { hostname, port } = new URL(server.url)
    const target = n % 2 === 0 ? { hostname, port } : { socketPath: localSocketPath(server.data) }
    return new Promise<'answered' | 'closed' | 'nothing'>((resolve) => {
      const sent = request({ ...target, path: '/health/live', agent: false, timeout: 10_000 })
      sent.on('response', (response) => {
        response.resume()
        resolve('answered')
      })
      sent.on('timeout', () => {
        resolve('nothing')
        sent.destroy()
      })
      sent.on('error', () => resolve('closed')).end()
    })
  })
}

test('each process has a name of its own', async () => {
  await using server = await twoProcesses()
  const { body } = await server.api('POST', '/api/info', {
    headers: { 'x-api-key': await createKey(server, ['admin']) },
    body: {},
  })
  const { nodes } = z
    .object({ result: z.object({ nodes: z.array(z.object({ name: z.string() })) }) })
    .parse(body).result
  const host = `${hostname()}_${new URL(server.url).port}`
  expect(nodes.map(({ name }) => name).toSorted()).toEqual([`${host}#1`, `${host}#2`])
})

test('nobody else gets the port, also while a process is replaced', async () => {
  await using server = await twoProcesses()
  const folder = temporaryFolder()
  const second = () => runCarillon(['serve', '--port', new URL(server.url).port, '--data', folder, '--processes', '2'])
  expect(await second()).toMatchObject({ code: 1, output: expect.stringContaining('is in use') })
  process.kill(workersOf(server)[0]?.pid ?? 0, 'SIGKILL')
  expect(await second()).toMatchObject({ code: 1, output: expect.stringContaining('is in use') })
})

test('who was connected to a process that was killed is not present any more', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  const all = await clients(server, token, 6, 'news:general')
  expect(openedOn(server)).toEqual(new Set([1, 2]))
  const [, second] = workersOf(server)
  // From now on nobody gets in again.
  for (const { client } of all) client.on('connecting', () => client.disconnect())
  process.kill(second?.pid ?? 0, 'SIGKILL')
  const left = () => all.filter(({ client }) => client.state === 'connected')
  await expect.poll(() => left().length).toBeLessThan(all.length)
  // The clients of one process do not all notice at once.
  const present = async () =>
    (
      await left()[0]
        ?.subscription.presenceStats()
        .catch(() => null)
    )?.numClients
  await expect.poll(async () => (await present()) === left().length).toBe(true)
  expect(left().length).toBeGreaterThan(0)
})

test('a ticket of one process opens a socket at another, once', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  // One connection, and so one process.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const tickets: string[] = []
  const from = server.output().length
  // Until some have been taken to the other process.
  while (openedOn(server, from).size < 2) {
    const { ticket } = await post(server, agent, '/api/v1/tickets', bearer(token))
    tickets.push(ticket)
    const { client } = sdkClient(server, { token: ticket })
    onTestFinished(() => client.disconnect())
    client.connect()
    await client.ready(10_000)
  }
  const late = sdkClient(server, { token: tickets[0] ?? '', getToken: async () => '' })
  const refused = next<DisconnectedContext>(late.client, 'disconnected')
  late.client.connect()
  await refused
})

const ticketAnswer = z.object({ ticket: z.string() })

function post(server: ServerProcess, agent: Agent, path: string, headers: Record<string, string>) {
  return new Promise<z.infer<typeof ticketAnswer>>((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method: 'POST', agent, headers })
    sent.on('response', (response) => json(response).then((body) => resolve(ticketAnswer.parse(body)), reject))
    sent.on('error', reject).end()
  })
}

test('a screen is online for whoever asks, whichever process it is connected to', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const kiosk = await enrolledKiosk(server, token)
  const { client } = sdkClient(server, { getToken: jwtFor(server, kiosk) })
  onTestFinished(() => client.disconnect())
  client.connect()
  await client.ready(10_000)
  const headers = { ...bearer(token), connection: 'close' }
  const ask = async () => {
    const { body } = await server.api('GET', '/api/v1/devices', { headers })
    return page(deviceView).parse(body).items[0]?.online
  }
  await expect.poll(() => Promise.all(upTo(6).map(ask))).toEqual(Array(6).fill(true))
})

/** Answers the bearer token of a kiosk. */
async function enrolledKiosk(server: ServerProcess, operator: string): Promise<string> {
  const asked = await server.api('POST', '/api/v1/enrolments', {
    body: { hostname: 'kiosk', version: '0.1.0', platform: 'linux arm64' },
  })
  const { user_code, device_code } = enrolmentAnswer.parse(asked.body)
  await server.api('POST', `/api/v1/enrolments/${user_code}/approve`, {
    headers: bearer(operator),
    body: { name: 'lobby-1' },
  })
  const redeemed = await server.api('POST', '/api/v1/enrolments/token', { body: { device_code } })
  return enrolmentTokenAnswer.parse(redeemed.body).token
}

test('ending a session closes its sockets at all processes within a second', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  const all = await clients(server, token, 6, 'news:general')
  expect(openedOn(server)).toEqual(new Set([1, 2]))
  const closed = all.map(async ({ client }) => {
    const { code } = await next<DisconnectedContext>(client, 'disconnected')
    return { code, at: performance.now() }
  })
  const endedAt = performance.now()
  await server.api('DELETE', '/api/v1/token', { headers: bearer(token) })
  for (const { code, at } of await Promise.all(closed)) {
    expect(code).toBe(3503)
    expect(at - endedAt).toBeLessThan(1000)
  }
})

test('guesses of a password are counted by all processes together', async () => {
  await using server = await twoProcesses()
  await signIn(server, 'vic@example.org', 'viewer')
  const codes: string[] = []
  for (const n of upTo(12)) {
    const { body } = await server.api('POST', '/api/v1/token', {
      body: { email: 'vic@example.org', password: `${password} ${n}` },
      headers: { connection: 'close' },
    })
    codes.push(problem.parse(body).code)
  }
  expect(codes).toEqual([...Array(10).fill('wrong_credentials'), 'rate_limited', 'rate_limited'])
})

test('the set-up link is one, and works at whichever process it is opened', async () => {
  await using server = await twoProcesses()
  const token = new URL(server.setupLink ?? '').searchParams.get('token')
  const body = { token, name: 'Ada', email: 'ada@example.org', password }
  const headers = { connection: 'close' }
  expect(await server.api('GET', `/api/v1/setup?token=${token}`, { headers })).toMatchObject({ status: 204 })
  expect(await server.api('POST', '/api/v1/setup', { body, headers })).toMatchObject({ status: 201 })
  for (const _ of upTo(3)) {
    expect(await server.api('POST', '/api/v1/setup', { body, headers })).toMatchObject({ status: 409 })
  }
})

test('SIGTERM tells all clients to come back and leaves no process behind', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  const all = await clients(server, token, 6, 'news:general')
  const codes = all.map(({ client }) => next<{ code: number }>(client, 'connecting').then(({ code }) => code))
  const workers = workersOf(server)
  expect(workers).toHaveLength(2)
  expect(await server.stop()).toBe(0)
  expect(await Promise.all(codes)).toEqual(Array(6).fill(3001))
  await expectGone(workers)
  await server.start()
  for (const { client } of all) await client.ready(10_000)
})

test('a second signal ends all processes at once', async () => {
  await using server = await twoProcesses()
  const workers = workersOf(server)
  const { pid } = server
  expect(workers).toHaveLength(2)
  // A worker that cannot answer would be waited for.
  for (const worker of workers) process.kill(worker.pid, 'SIGSTOP')
  process.kill(pid ?? 0, 'SIGTERM')
  await expect.poll(() => server.output()).toContain('"msg":"stopping"')
  expect(await server.stop()).toBe(130)
  await expectGone(workers)
})

test('processes do not outlive the one that started them', async () => {
  await using server = await twoProcesses()
  const workers = workersOf(server)
  expect(workers).toHaveLength(2)
  await server.kill()
  await expectGone(workers)
  await server.start()
  expect(workersOf(server)).toHaveLength(2)
})

test('a process that hangs is replaced, and its clients miss nothing', async () => {
  await using server = await twoProcesses()
  const { token } = await signIn(server, 'vic@example.org', 'viewer')
  const key = await createKey(server, ['publish'])
  const all = await clients(server, token, 6, 'news:general')
  expect(openedOn(server)).toEqual(new Set([1, 2]))
  const [first] = workersOf(server)
  process.kill(first?.pid ?? 0, 'SIGSTOP')
  await publishStream(server, { key, channel: 'news:general', count: 50 })
  for (const { received } of all) await vi.waitFor(() => expect(received).toEqual(upTo(50)), 40_000)
  await expect.poll(server.output).toContain('worker does not answer and is replaced')
}, 90_000)

test('without its Redis no process starts, and only that is said', async () => {
  const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}`, CARILLON_PROCESSES: '2' }
  const { code, output } = await runCarillon(['serve', '--port', '0', '--data', temporaryFolder()], { env })
  expect(code).toBe(1)
  expect(output).toMatch(/^[^\n]*does not answer[^\n]*\[redis_unreachable\]\n?$/)
})

describeWith(['redis'], 'several processes on Redis', () => {
  test('are nodes of it, as those of other machines are', async () => {
    await using redis = await startRedis()
    await using server = await startServerProcess({
      env: { CARILLON_PROCESSES: '2', CARILLON_LOG_LEVEL: 'debug', CARILLON_REDIS_URL: redis.url },
    })
    const { token } = await signIn(server, 'ola@example.org', 'operator')
    const all = await clients(server, token, 8, 'news:general')
    expect(openedOn(server)).toEqual(new Set([1, 2]))
    for (const n of upTo(20)) await all[n % all.length]?.subscription.publish({ n })
    for (const { received } of all) {
      await vi.waitFor(() => expect(received).toEqual(upTo(20).map((n) => ({ n }))))
    }
    expect(await redis.ask('dbsize')).toBeGreaterThan(0)
    expect(await server.stop()).toBe(0)
  })
})
