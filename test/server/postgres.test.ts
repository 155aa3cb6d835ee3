import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { expect, test, vi } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type PostgresOfTest, startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { collect, jwtFor, next, sdkClient, ticketFor } from '../support/sdk-client.ts'
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
import { temporaryFolder } from '../support/temporary-folder.ts'

const ada = 'ada@example.org'

describeWith(['postgresql', 'redis'], 'two nodes with one PostgreSQL', () => {
  test('who signed in at one is known at the other, and whoever is disabled is out at both within a second', async () => {
    await using postgres = await startDatabase()
    await using redis = await startRedis()
    const shared = {
      DATABASE_URL: postgres.url('carillon'),
      REDIS_URL: redis.url,
      CARILLON_SECRET: randomBytes(32).toString('base64'),
      CARILLON_PUBLIC_URL: 'http://carillon.test',
    }
    const nodes = await Promise.all([startServerProcess({ env: shared }), startServerProcess({ env: shared })])
    await using one = nodes[0]
    await using other = nodes[1]
    const { token } = await signIn(one, ada, 'viewer')
    const key = await createKey(other, ['publish'])
    expect(await statusOf(other, token)).toBe(200)
    // A ticket and a JWT of one node open a socket at the other.
    using here = sdkClient(one, { getToken: ticketFor(other, token) })
    using there = sdkClient(other, { getToken: jwtFor(one, token) })
    for (const { client } of [here, there]) client.connect()
    await Promise.all([here, there].map(({ client }) => client.ready(10_000)))
    const { received } = await collect(there.client, 'news:general')
    expect(await publish(one, key)).toBe(200)
    await vi.waitFor(() => expect(received).toEqual([1]))

    const gone = [here, there].map(({ client }) => next<{ code: number }>(client as never, 'disconnected'))
    const { id, headers } = await administrator(one)
    const { body } = await one.api('GET', '/api/v1/users', { headers })
    const user = (body as { items: { id: string; email: string }[] }).items.find(({ email }) => email === ada)
    expect(user?.id).not.toBe(id)
    const disabled = await one.api('POST', `/api/v1/users/${user?.id}/disable`, { headers })
    const answeredAt = performance.now()
    expect(disabled.status).toBe(204)
    expect(await Promise.all(gone)).toMatchObject([{ code: 3503 }, { code: 3503 }])
    expect(performance.now() - answeredAt).toBeLessThan(1_000)
    expect(await statusOf(other, token)).toBe(401)
  })

  test('a node with a secret of its own does not start, and says why', async () => {
    await using postgres = await startDatabase()
    const env = { DATABASE_URL: postgres.url('carillon') }
    await using _one = await startServerProcess({ env })
    const { code, output } = await runCarillon(['serve', '--port', '0', '--data', temporaryFolder()], { env })
    expect(code).toBe(1)
    expect(output).toMatch(/Copy secret\.key from a node.*\[secret_differs\]/)
  })
})

describeWith(['postgresql'], 'a server on PostgreSQL', () => {
  test('while PostgreSQL is away sockets stay and nobody is signed out; when it is back all goes on', async () => {
    await using postgres = await startDatabase()
    await using server = await startServerProcess({ env: { DATABASE_URL: postgres.url('carillon') } })
    const { token } = await signIn(server, ada, 'operator')
    const jwt = await jwtFor(server, token)()
    using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
    sdk.client.connect()
    await sdk.client.ready(10_000)
    const { received } = await collect(sdk.client, 'news:general')
    let disconnects = 0
    sdk.client.on('disconnected', () => (disconnects += 1)).on('connecting', () => (disconnects += 1))
    const signInStatus = async () => {
      const { status, headers, body } = await server.api('POST', '/api/v1/token', { body: { email: ada, password } })
      return { status, retryAfter: headers.get('retry-after'), code: (body as { code?: string }).code }
    }
    const away = { status: 503, retryAfter: '1', code: 'unavailable' }
    await postgres.kill()
    expect(await signInStatus()).toEqual(away)
    expect(await server.api('GET', '/api/v1/me', { headers: bearer(token) })).toMatchObject({
      status: 503,
      body: { code: 'unavailable', detail: expect.stringContaining('Try again') },
    })
    const stars = await server.api('GET', '/api/v1/stars', { headers: bearer(token) })
    expect(stars.status).toBe(503)
    const page = { 'content-type': 'application/json', origin: server.url }
    const form = await fetch(`${server.url}/api/v1/sign-in`, {
      ...{ method: 'POST', headers: page, body: JSON.stringify({ email: ada, password }) },
      signal: AbortSignal.timeout(20_000),
    })
    expect([form.status, await form.json()]).toEqual([503, expect.objectContaining({ code: 'unavailable' })])
    expect((await server.api('GET', '/health/ready')).body).toMatchObject({ code: 'unavailable' })
    expect((await server.api('GET', '/health/live')).status).toBe(200)
    await sdk.client.publish('news:general', 1)
    await vi.waitFor(() => expect(received).toEqual([1]))
    // Whoever comes now with a token that is good is asked to return, and does.
    using late = sdkClient(server, { token: jwt })
    const refused = next<{ error: { code: number; temporary?: boolean } }>(late.client as never, 'error')
    late.client.on('disconnected', () => (disconnects += 1)).connect()
    expect(await refused).toMatchObject({ error: { code: 100, temporary: true } })

    await postgres.start()
    await vi.waitFor(async () => expect((await signInStatus()).status).toBe(200), { interval: 100 })
    expect(await statusOf(server, token)).toBe(200)
    await late.client.ready(10_000)
    expect((await server.api('GET', '/health/ready')).status).toBe(200)
    expect(disconnects).toBe(0)
    const told = server.output().match(/PostgreSQL is away/g) ?? []
    expect(told).toHaveLength(1)
    expect(server.output()).not.toContain('a bell rings at ten')
  })

  test('several processes of one server share the accounts', async () => {
    await using postgres = await startDatabase()
    const env = { DATABASE_URL: postgres.url('carillon'), CARILLON_PROCESSES: '2' }
    await using server = await startServerProcess({ env })
    const { token } = await signIn(server, ada, 'viewer')
    for (let request = 0; request < 4; request++) expect(await statusOf(server, token)).toBe(200)
  })

  test('what a person followed goes with the account', async () => {
    await using postgres = await startDatabase()
    await using server = await startServerProcess({ env: { DATABASE_URL: postgres.url('carillon') } })
    const { id, token } = await signIn(server, ada, 'viewer')
    const { headers } = await administrator(server)
    expect((await server.api('PUT', '/api/v1/stars/news:general', { headers: bearer(token) })).status).toBe(204)
    expect(await starsOf(postgres)).toEqual([{ user_id: id }])
    expect((await server.api('DELETE', `/api/v1/users/${id}`, { headers })).status).toBe(204)
    expect(await starsOf(postgres)).toEqual([])
  })

  test('what is wrong with the database keeps the server from starting, and doctor says it too', async () => {
    await using postgres = await startDatabase()
    const serve = async (url: string) => {
      const env = { DATABASE_URL: url }
      const { code, output } = await runCarillon(['serve', '--port', '0', '--data', temporaryFolder()], { env })
      expect(code).toBe(1)
      expect(output).not.toContain('hush')
      return output
    }
    const absent = postgres.url('absent')
    expect(await serve(absent)).toMatch(/createdb absent.*\[database_missing\]/)
    const at = `127.0.0.1:${postgres.port}`
    expect(await serve(`postgres://carillon:hush@${at}/carillon`)).toMatch(
      /Correct user, password.*\[database_refused\]/,
    )
    const nowhere = `postgres://carillon:hush@127.0.0.1:${await freePort()}/carillon`
    expect(await serve(nowhere)).toMatch(/ECONNREFUSED.*Start it.*\[database_unreachable\]/)
    const doctor = async (url: string) =>
      (await runCarillon(['doctor', '--json', '--data', temporaryFolder()], { env: { DATABASE_URL: url } })).output
    expect(await doctor(postgres.url('carillon'))).toMatch(
      new RegExp(`"PostgreSQL",\\s*"ok":\\s*true,\\s*"detail":\\s*"version \\d+ has the accounts: carillon at ${at}`),
    )
    expect(await doctor(absent)).toMatch(/"PostgreSQL",\s*"ok":\s*false,\s*"detail":\s*"There is no database/)
  })
})

async function startDatabase(): Promise<PostgresOfTest> {
  const postgres = await startPostgres()
  await postgres.createDatabase('carillon')
  return postgres
}

async function starsOf(postgres: PostgresOfTest): Promise<unknown[]> {
  const client = new Client({ connectionString: postgres.url('carillon') })
  await client.connect()
  try {
    return (await client.query('select user_id from stars')).rows
  } finally {
    await client.end()
  }
}

async function administrator(server: ServerProcess) {
  const { id, token } = await signIn(server, 'root@example.org', 'admin')
  return { id, headers: bearer(token) }
}

async function statusOf(server: ServerProcess, token: string): Promise<number> {
  return (await server.api('GET', '/api/v1/me', { headers: bearer(token) })).status
}

async function publish(server: ServerProcess, key: string): Promise<number> {
  const body = { channel: 'news:general', data: 1 }
  return (await server.api('POST', '/api/publish', { headers: { 'x-api-key': key }, body })).status
}
