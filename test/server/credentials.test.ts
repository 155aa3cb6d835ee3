import { afterAll, beforeAll, expect, test } from 'vitest'
import { page } from '#protocol/api.ts'
import { deviceView, enrolmentAnswer, enrolmentTokenAnswer } from '#protocol/devices.ts'
import { keyAnswer } from '#protocol/keys.ts'
import { openRaw } from '../support/raw-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** Sessions, keys, accounts and devices over HTTP. */
let server: ServerProcess
let admin: { id: string; token: string }
let operator: { id: string; token: string }
let viewer: { id: string; token: string }

beforeAll(async () => {
  server = await startServerProcess()
  admin = await signIn(server, 'ada@example.org', 'admin')
  operator = await signIn(server, 'ola@example.org', 'operator')
  viewer = await signIn(server, 'vic@example.org', 'viewer')
}, 60_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const as = ({ token }: { token: string }, method: string, path: string, body?: object) =>
  server.api(method, path, { headers: bearer(token), ...(body && { body }) })
const socketUrl = () => `${server.url.replace('http', 'ws')}/connection/websocket`

test.each(['/api/v1/me', '/api/v1/sessions', '/api/v1/nothing/here'])(
  'without a token %s answers a problem document and never sends anybody elsewhere',
  async (path) => {
    for (const accept of ['text/html', 'application/json', '*/*']) {
      const answer = await fetch(`${server.url}${path}`, { headers: { accept }, redirect: 'manual' })
      expect([accept, answer.status]).toEqual([accept, path.endsWith('here') ? 404 : 401])
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(answer.headers.get('location')).toBeNull()
    }
  },
)

test('a token may come under the further header, for requests and sockets alike, and not together with another', async () => {
  const headers = { 'authentication-token': operator.token }
  expect(await server.api('GET', '/api/v1/me', { headers })).toMatchObject({ status: 200, body: { id: operator.id } })
  const raw = await openRaw(socketUrl(), [], { headers })
  raw.send({ id: 1, connect: {} })
  expect(await raw.reply(1)).toMatchObject({ connect: { client: expect.any(String) } })
  const both = { ...bearer(operator.token), 'authentication-token': viewer.token }
  expect(await server.api('GET', '/api/v1/me', { headers: both })).toMatchObject({
    ...{ status: 400, body: { code: 'bad_request', detail: expect.stringMatching(/Authentication-Token/) } },
  })
  await expect(openRaw(socketUrl(), [], { headers: both })).rejects.toThrow(/400/)
})

test('people see and end their own sessions, and administrators those of others', async () => {
  const person = await signIn(server, 'per@example.org', 'viewer')
  const again = await server.api('POST', '/api/v1/token', {
    ...{ body: { email: 'per@example.org', password: 'a bell rings at nine' }, headers: { 'user-agent': 'bell/2.1' } },
  })
  const { token } = again.body as { token: string }
  const { items } = (await as(person, 'GET', '/api/v1/sessions')).body as { items: { id: string; current: boolean }[] }
  expect(items).toHaveLength(2)
  expect(items).toContainEqual(expect.objectContaining({ current: false, kind: 'program', userAgent: 'bell 2.1' }))
  const other = items.find(({ current }) => !current)?.id
  expect(await as(operator, 'DELETE', `/api/v1/sessions/${other}`)).toMatchObject({ status: 404 })
  expect(await as(operator, 'GET', `/api/v1/users/${person.id}/sessions`)).toMatchObject({ status: 403 })
  expect(await as(admin, 'GET', `/api/v1/users/${person.id}/sessions`)).toMatchObject({
    ...{ status: 200, body: { items: [expect.anything(), expect.anything()] } },
  })
  expect(await as(admin, 'DELETE', `/api/v1/sessions/${other}`)).toMatchObject({ status: 204 })
  expect(await as({ token }, 'GET', '/api/v1/me')).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  expect(await as(person, 'POST', '/api/v1/sessions/end', { which: 'some' })).toMatchObject({ status: 400 })
  expect(await as(person, 'POST', '/api/v1/sessions/end', { which: 'programs' })).toMatchObject({
    ...{ status: 200, body: { ended: 1 } },
  })
  expect(await as(person, 'GET', '/api/v1/me')).toMatchObject({ status: 401 })
  const key = await createKey(server, ['admin'])
  expect(await server.api('GET', '/api/v1/sessions', { headers: { 'x-api-key': key } })).toMatchObject({ status: 403 })
})

test('roles are the administrators’ to change, but for their own', async () => {
  const person = await signIn(server, 'rolf@example.org', 'viewer')
  const path = `/api/v1/users/${person.id}`
  expect(await as(operator, 'PATCH', path, { role: 'admin' })).toMatchObject({ status: 403 })
  expect(await as(person, 'PATCH', path, { role: 'admin' })).toMatchObject({ status: 403 })
  expect(await as(admin, 'PATCH', path, {})).toMatchObject({ status: 400 })
  expect(await as(admin, 'PATCH', path, { role: 'root' })).toMatchObject({ status: 400 })
  expect(await as(admin, 'PATCH', path, { role: 'operator', name: 'Rolf' })).toMatchObject({
    ...{ status: 200, body: { role: 'operator', name: 'Rolf' } },
  })
  expect(await as(person, 'GET', '/api/v1/me')).toMatchObject({ body: { role: 'operator', name: 'Rolf' } })
  for (const [method, at, body] of [
    ['PATCH', `/api/v1/users/${admin.id}`, { role: 'viewer' }],
    ['DELETE', `/api/v1/users/${admin.id}`, undefined],
    ['POST', `/api/v1/users/${admin.id}/disable`, undefined],
  ] as const) {
    expect(await as(admin, method, at, body)).toMatchObject({
      ...{ status: 403, body: { detail: expect.stringMatching(/your own account/) } },
    })
  }
  expect((await server.cli(['user', 'set-role', 'rolf@example.org', 'viewer'])).output).toMatch(/is now viewer/)
  expect(await as(person, 'GET', '/api/v1/me')).toMatchObject({ body: { role: 'viewer' } })
  const last = await server.cli(['user', 'set-role', 'ada@example.org', 'viewer'])
  expect(last).toMatchObject({ code: 1, output: expect.stringMatching(/last administrator/) })
  expect((await server.cli(['user', 'remove', 'rolf@example.org'])).output).toMatch(/Removed rolf/)
  expect(await as(person, 'GET', '/api/v1/me')).toMatchObject({ status: 401 })
})

test('people make keys of their own, as far as their role goes', async () => {
  const make = (by: { token: string }, scopes: string[]) => as(by, 'POST', '/api/v1/keys', { name: 'own', scopes })
  expect(await make(viewer, ['publish'])).toMatchObject({ status: 403 })
  expect(await make(operator, ['devices'])).toMatchObject({ status: 403 })
  const { id, key } = keyAnswer.parse((await make(operator, ['publish'])).body)
  expect(await as(operator, 'GET', '/api/v1/keys')).toMatchObject({ status: 403 })
  expect(await as(operator, 'GET', '/api/v1/keys?mine')).toMatchObject({
    body: { items: [{ id, owner: { id: operator.id } }], next: null },
  })
  expect(await as(viewer, 'DELETE', `/api/v1/keys/${id}`)).toMatchObject({ status: 404 })
  expect(await as(operator, 'DELETE', `/api/v1/keys/${id}`)).toMatchObject({ status: 204 })
  expect(await server.api('GET', '/api/v1/me', { headers: { 'x-api-key': key } })).toMatchObject({ status: 401 })
})

test('a key that expires closes its socket at that instant, and says so from then on', async () => {
  const made = await server.cli(['key', 'create', 'short', '--scope', 'subscribe', '--expires', '3s', '--json'])
  const { key, expiresAt } = keyAnswer.parse(JSON.parse(made.output))
  const headers = { 'x-api-key': key }
  const raw = await openRaw(socketUrl(), [], { headers })
  raw.send({ id: 1, connect: {} })
  await raw.reply(1)
  expect(await raw.closed).toMatchObject({ code: 3503 })
  expect(Math.abs(Date.now() - Date.parse(expiresAt ?? ''))).toBeLessThan(1_000)
  expect(await server.api('GET', '/api/v1/me', { headers })).toMatchObject({
    ...{ status: 401, body: { code: 'invalid_token', detail: expect.stringMatching(/expired/) } },
  })
  expect((await server.cli(['key', 'list'])).output).toMatch(/OWNER +EXPIRES/)
  expect(await server.cli(['key', 'create', 'x', '--scope', 'publish', '--expires', 'soon'])).toMatchObject({ code: 2 })
})

test('a key ends after 90 days, as in the console, unless somebody says otherwise', async () => {
  const create = (...flags: string[]) => server.cli(['key', 'create', 'service', '--scope', 'publish', ...flags])
  const usual = keyAnswer.parse(JSON.parse((await create('--json')).output))
  const days = (Date.parse(usual.expiresAt ?? '') - Date.parse(usual.createdAt)) / (24 * 60 * 60 * 1000)
  expect(days).toBeCloseTo(90, 2)
  const endless = keyAnswer.parse(JSON.parse((await create('--expires', 'never', '--json')).output))
  expect(endless.expiresAt).toBeNull()
  expect((await create()).output).toMatch(/It works until \d{4}-/)
  expect((await create('--expires', 'never')).output).toMatch(/It works until it is revoked\./)
  expect((await server.cli(['key', 'create', '--help'])).output).toMatch(/never\s+\(default:\s+"90d"\)/)
})

test('a screen is approved by operators, told to take a new credential, and goes on with that', async () => {
  const about = { hostname: 'pi', version: '0', platform: 'linux', storage: 'file' }
  const code = enrolmentAnswer.parse((await server.api('POST', '/api/v1/enrolments', { body: about })).body)
  const waiting = await as(operator, 'GET', '/api/v1/enrolments')
  expect(waiting).toMatchObject({ status: 200, body: { items: [{ hostname: 'pi' }], next: null } })
  expect(JSON.stringify(waiting.body)).not.toMatch(new RegExp(code.user_code.replace('-', '-?'), 'i'))
  const approve = `/api/v1/enrolments/${code.user_code}/approve`
  expect(await as(viewer, 'GET', '/api/v1/enrolments')).toMatchObject({ status: 403 })
  expect(await as(viewer, 'POST', approve, { name: 'lobby-1' })).toMatchObject({ status: 403 })
  expect(await as(operator, 'POST', approve, { name: 'lobby-1' })).toMatchObject({ status: 201 })
  const redeemed = await server.api('POST', '/api/v1/enrolments/token', { body: { device_code: code.device_code } })
  const { token, device } = enrolmentTokenAnswer.parse(redeemed.body)
  const screen = { token }
  expect(await as(screen, 'POST', '/api/v1/tickets')).not.toHaveProperty('body.rotate')

  expect(await as(viewer, 'POST', `/api/v1/devices/${device.id}/rotate`)).toMatchObject({ status: 403 })
  expect((await server.cli(['devices', 'rotate', 'lobby-1'])).output).toMatch(/Told lobby-1/)
  for (const path of ['/api/v1/tickets', '/api/v1/access-tokens']) {
    expect(await as(screen, 'POST', path)).toMatchObject({ status: 201, body: { rotate: true } })
  }
  expect(await as(screen, 'GET', '/api/v1/me')).toMatchObject({ body: { device: { rotate: true } } })
  expect(await as(operator, 'POST', '/api/v1/devices/me/credential', {})).toMatchObject({ status: 403 })
  expect(await as(operator, 'PATCH', '/api/v1/devices/me', { storage: 'file' })).toMatchObject({ status: 403 })
  expect(await as(screen, 'PATCH', '/api/v1/devices/me', { storage: 'a drawer' })).toMatchObject({ status: 400 })
  expect(await as(screen, 'PATCH', '/api/v1/devices/me', { storage: 'memory' })).toMatchObject({ status: 204 })
  const answer = await as(screen, 'POST', '/api/v1/devices/me/credential', { storage: 'keychain' })
  expect(answer).toMatchObject({ status: 201, body: { token: expect.any(String) } })
  const renewed = answer.body as { token: string }
  expect(await as(screen, 'GET', '/api/v1/me')).toMatchObject({ status: 200 })
  expect(await as(renewed, 'GET', '/api/v1/me')).toMatchObject({ status: 200, body: { device } })
  expect(await as(screen, 'GET', '/api/v1/me')).toMatchObject({ status: 401 })
  const { items } = page(deviceView).parse((await as(viewer, 'GET', '/api/v1/devices')).body)
  expect(items).toMatchObject([{ name: 'lobby-1', storage: 'keychain', rotating: false }])
  expect((await server.cli(['devices'])).output).toMatch(/lobby-1 +offline +pi +0 +keychain/)
  expect((await server.cli(['devices', 'remove', 'lobby-1'])).output).toMatch(/Removed lobby-1/)
  expect(await as(renewed, 'GET', '/api/v1/me')).toMatchObject({ status: 401 })
  expect(await server.cli(['devices', 'rotate', 'lobby-1'])).toMatchObject({ code: 1 })
  for (const secret of [token, renewed.token]) expect(server.output()).not.toContain(secret.slice(0, 30))
})

test('the key set may be kept by whoever reads it, and no other answer', async () => {
  const keys = await fetch(`${server.url}/api/auth/jwks`)
  expect([keys.status, keys.headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  expect((await server.api('GET', '/api/v1/me', { headers: bearer(admin.token) })).headers.get('cache-control')).toBe(
    'no-store',
  )
})
