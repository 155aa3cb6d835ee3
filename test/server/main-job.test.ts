import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { publishAnswer } from '#protocol/publications.ts'
import { bearer, createKey, password, signIn, startServerProcess } from '../support/server-process.ts'

test('the link printed at start creates the first administrator, once', async () => {
  await using server = await startServerProcess()
  const token = new URL(server.setupLink ?? '').searchParams.get('token')
  const check = await server.api('GET', `/api/v1/setup?token=${token}`)
  expect(check.status).toBe(204)

  const person = { token, name: 'Ada', email: 'ada@example.org', password }
  const created = await server.api('POST', '/api/v1/setup', { body: person })
  expect(created.status).toBe(201)
  const cookie = created.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  const me = await server.api('GET', '/api/v1/me', { headers: { cookie } })
  expect(me.body).toMatchObject({ email: 'ada@example.org', role: 'admin', kind: 'user' })

  const again = await server.api('POST', '/api/v1/setup', { body: { ...person, email: 'eve@example.org' } })
  expect(again.body).toMatchObject({ code: 'setup_done', status: 409 })
})

test('a server that is set up prints no link at its next start', async () => {
  await using server = await startServerProcess()
  await signIn(server, 'ada@example.org', 'admin')
  expect(await server.stop()).toBe(0)
  const before = server.output().length
  await server.start()
  expect(server.output().slice(before)).toContain('"setupLink":null')
})

test('signing in, the socket token and the ticket are had with plain requests', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ada@example.org', 'operator')
  const ticket = await server.api('POST', '/api/v1/tickets', { headers: bearer(token) })
  expect(ticket).toMatchObject({ status: 201, body: { expiresIn: 20 } })
  const jwt = await server.api('POST', '/api/v1/access-tokens', { headers: bearer(token) })
  expect(jwt).toMatchObject({ status: 201, body: { expiresIn: 300 } })

  expect((await server.api('DELETE', '/api/v1/token', { headers: bearer(token) })).status).toBe(204)
  const after = await server.api('GET', '/api/v1/me', { headers: bearer(token) })
  expect(after.body).toMatchObject({ status: 401, code: 'invalid_token' })
})

test('a key publishes over HTTP and a bearer reads its own name', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['publish'])
  const sent = await server.api('POST', '/api/publish', {
    headers: { 'x-api-key': key },
    body: { channel: 'news:general', data: { title: 'Lunch' } },
  })
  expect(sent).toMatchObject({ status: 200, body: { result: { offset: 1 } } })
  const devices = await server.api('GET', '/api/v1/devices', { headers: { 'x-api-key': key } })
  expect(devices.body).toMatchObject({ status: 403, code: 'forbidden' })
})

test('a repeated publication with the same idempotency key keeps its offset, also after a kill', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  const body = { channel: 'news:general', data: 1, idempotency_key: 'a' }
  const first = await server.api('POST', '/api/publish', { headers, body })
  await server.kill()
  await server.start()
  const second = await server.api('POST', '/api/publish', { headers, body })
  const { result } = publishAnswer.parse(first.body) as { result: object }
  expect(second.body).toEqual({ result: { ...result, duplicate: true } })
  const { output } = await server.cli(['publish', 'news:general', '1', '--idempotency-key', 'a'])
  expect(output).toMatch(/Was published already: news:general at offset 1/)
})

test('a kiosk is enrolled as a device of its own once an operator has approved its code', async () => {
  await using server = await startServerProcess()
  const operator = bearer((await signIn(server, 'ola@example.org', 'operator')).token)
  const viewer = bearer((await signIn(server, 'vic@example.org', 'viewer')).token)
  const asked = await server.api('POST', '/api/v1/enrolments', {
    body: { hostname: 'pi', version: '0.1.0', platform: 'linux arm' },
  })
  expect(asked.status).toBe(201)
  const { device_code, user_code } = asked.body as { device_code: string; user_code: string }
  const pending = await server.api('POST', '/api/v1/enrolments/token', { body: { device_code } })
  expect(pending.body).toMatchObject({ code: 'authorization_pending' })

  const refused = await server.api('POST', `/api/v1/enrolments/${user_code}/approve`, {
    headers: viewer,
    body: { name: 'lobby-1' },
  })
  expect(refused.body).toMatchObject({ status: 403, code: 'forbidden' })
  const seen = await server.api('GET', `/api/v1/enrolments/${user_code.toLowerCase()}`, { headers: operator })
  expect(seen.body).toMatchObject({ hostname: 'pi', version: '0.1.0', address: '127.0.0.1' })
  const approved = await server.api('POST', `/api/v1/enrolments/${user_code}/approve`, {
    headers: operator,
    body: { name: 'lobby-1' },
  })
  expect(approved).toMatchObject({ status: 201, body: { name: 'lobby-1' } })

  await new Promise((resolve) => setTimeout(resolve, 1_800)) // the polling interval that RFC 8628 lets the server ask for, less its leniency
  const redeemed = await server.api('POST', '/api/v1/enrolments/token', { body: { device_code } })
  expect(redeemed).toMatchObject({ status: 200, body: { device: { name: 'lobby-1' } } })
  const { token } = redeemed.body as { token: string }
  const me = await server.api('GET', '/api/v1/me', { headers: bearer(token) })
  expect(me.body).toMatchObject({ kind: 'device', role: 'device', device: { name: 'lobby-1' } })
  const listed = await server.api('GET', '/api/v1/devices', { headers: viewer })
  expect(listed.body).toMatchObject({ items: [{ name: 'lobby-1', online: false, enrolledBy: expect.any(String) }] })
})

test('a request with a cookie from another site changes nothing', async () => {
  await using server = await startServerProcess()
  const token = new URL(server.setupLink ?? '').searchParams.get('token')
  const created = await server.api('POST', '/api/v1/setup', {
    body: { token, name: 'Ada', email: 'ada@example.org', password },
  })
  const cookie = created.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  const from = (origin: string) => server.api('POST', '/api/v1/tickets', { headers: { cookie, origin } })
  expect((await from('https://evil.example')).body).toMatchObject({ status: 403, code: 'wrong_origin' })
  expect((await from(server.url)).status).toBe(201)
})

test('the data folder is private, and no secret is in the logs', async () => {
  await using server = await startServerProcess({ env: { CARILLON_LOG_LEVEL: 'trace' } })
  const { token } = await signIn(server, 'ada@example.org', 'admin')
  const key = await createKey(server, ['publish'])
  const { body } = await server.api('POST', '/api/v1/tickets', { headers: bearer(token) })
  for (const name of ['.', ...(await readdir(server.data))]) {
    expect((await stat(join(server.data, name))).mode & 0o077, name).toBe(0)
  }
  // Where records are shared the configuration has the secret, and there is no such file.
  const secret = (await readFile(join(server.data, 'secret.key'), 'utf8').catch(() => 's'.repeat(43))).trim()
  const logs = server.output()
  for (const hidden of [token, token.split('.')[0], key, secret, password, (body as { ticket: string }).ticket]) {
    expect(logs).not.toContain(hidden)
  }
})
