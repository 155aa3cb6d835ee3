import { createOTP } from '@better-auth/utils/otp'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { sessionView } from '#protocol/account.ts'
import { page } from '#protocol/api.ts'
import { passwordLink } from '#protocol/users.ts'
import { next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, password, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

const ada = { email: 'ada@example.org', password }

function cookieOf({ headers }: { readonly headers: Headers }): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

test('a browser signs in, with a new session each time, and from no other page than the server’s', async () => {
  await using server = await startServerProcess()
  await signIn(server, ada.email, 'admin')
  const attempt = (headers: Record<string, string> = {}) =>
    server.api('POST', '/api/v1/sign-in', { body: ada, headers })
  const me = (cookie: string) => server.api('GET', '/api/v1/me', { headers: { cookie } })
  const first = await attempt({ origin: server.url, 'sec-fetch-site': 'same-origin' })
  expect(first).toMatchObject({ status: 204, body: null })
  for (const cookie of first.headers.getSetCookie()) expect(cookie).toMatch(/; HttpOnly; SameSite=Lax/)
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[]) {
    const refused = await attempt({ ...headers, cookie: cookieOf(first) })
    expect(refused).toMatchObject({ status: 403, body: { code: 'wrong_origin' } })
    expect(refused.headers.getSetCookie()).toEqual([])
  }
  const second = await attempt({ origin: server.url, cookie: cookieOf(first) })
  expect((await me(cookieOf(first))).status).toBe(401)
  expect((await me(cookieOf(second))).body).toMatchObject({ email: ada.email })
  expect((await server.api('POST', '/api/auth/sign-in/email', { body: ada })).status).toBe(404)
})

test('the code of an authenticator app is sent with the same request, by browsers, programs and the command line', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, ada.email, 'admin')
  const headers = bearer(token)
  const begun = await server.api('POST', '/api/v1/me/totp', { headers, body: { password } })
  const { secret } = begun.body as { secret: string }
  const code = (later: number) => codeOf(secret, later)
  const on = await server.api('POST', '/api/v1/me/totp/verify', { headers, body: { code: await code(0) } })
  const { backupCodes } = on.body as { backupCodes: string[] }
  expect(backupCodes).toHaveLength(10)
  for (const path of ['/api/v1/sign-in', '/api/v1/token']) {
    const asked = await server.api('POST', path, { body: ada })
    expect(asked).toMatchObject({ status: 401, body: { code: 'code_required' } })
    expect(asked.headers.getSetCookie()).toEqual([])
    const empty = await server.api('POST', path, { body: { ...ada, code: '' } })
    expect(empty).toMatchObject({ status: 401, body: { code: 'code_required' } })
    const wrong = await server.api('POST', path, { body: { ...ada, code: '000000' } })
    expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong_code' } })
  }
  // The one that turned it on is used up; the next one is not yet.
  expect(await server.api('POST', '/api/v1/token', { body: { ...ada, code: await code(30) } })).toMatchObject({
    status: 200,
  })
  const again = await server.api('POST', '/api/v1/sign-in', { body: { ...ada, code: backupCodes[0] } })
  expect(again.status).toBe(204)
  const login = ['login', '--url', server.url, '--email', ada.email, '--password-stdin']
  const refused = await server.cli(login, { bare: true, input: password })
  expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/\[code_required\]/) })
  const { output } = await server.cli([...login, '--code', backupCodes[1] ?? ''], { bare: true, input: password })
  // Where there is no keychain the sign-in is right and cannot be kept.
  expect(output).not.toMatch(/\[(code_required|wrong_code|wrong_credentials)\]/)
  expect(server.output()).not.toContain(secret)
})

test('an administrator without a second factor gets to nothing but setting one up', async () => {
  const env = { CARILLON_SECOND_FACTOR: JSON.stringify({ required_for: ['admin'], grace: 0 }) }
  await using server = await startServerProcess({ env })
  const { token, id } = await signIn(server, ada.email, 'admin')
  const ola = await signIn(server, 'ola@example.org', 'operator')
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await server.api(method, path, { headers: bearer(token), ...(body !== undefined && { body }) })
    return [answer.status, (answer.body as { code?: string } | null)?.code ?? null]
  }
  const required = [403, 'second_factor_required']
  for (const [method, path] of [
    ...['/api/v1/users', '/api/v1/keys', '/api/v1/devices', '/api/v1/channels', '/metrics'].map((path) => [
      'GET',
      path,
    ]),
    ...['/api/v1/tickets', '/api/v1/access-tokens', `/api/v1/users/${id}/unlock`].map((path) => ['POST', path]),
  ] as [string, string][]) {
    expect([path, ...(await ask(method, path))]).toEqual([path, ...required])
  }
  expect(await ask('POST', '/api/publish', { channel: 'news:general', data: 1 })).toEqual(required)
  expect(await upgradeStatus(server, token)).toBe(403)
  expect(await upgradeStatus(server, ola.token)).toBe(101)
  expect(await ask('GET', '/api/v1/me')).toEqual([200, null])
  const [olas] = page(sessionView).parse(
    (await server.api('GET', '/api/v1/sessions', { headers: bearer(ola.token) })).body,
  ).items
  expect(await ask('DELETE', `/api/v1/sessions/${olas?.id}`)).toEqual([404, 'not_found'])
  const view = await server.api('GET', '/api/v1/me/second-factor', { headers: bearer(token) })
  expect(view.body).toMatchObject({ totp: false, required: true, requiredFrom: expect.any(String) })
  using sdk = sdkClient(server, { getToken: ticketFor(server, ola.token) })
  sdk.client.connect()
  await next(sdk.client as never, 'connected')
  const begun = await server.api('POST', '/api/v1/me/totp', { headers: bearer(token), body: { password } })
  const code = await codeOf((begun.body as { secret: string }).secret, 0)
  expect(await ask('POST', '/api/v1/me/totp/verify', { code })).toEqual([200, null])
  expect(await ask('GET', '/api/v1/users')).toEqual([200, null])
  expect(await ask('POST', '/api/v1/tickets')).toEqual([201, null])
})

test('a changed password ends the other sessions, and what is made of the name is refused', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, ada.email, 'admin')
  const other = await signInAgain(server, password)
  const change = (body: object) => server.api('POST', '/api/v1/me/password', { headers: bearer(token), body })
  const better = 'four bells and a harp'
  for (const [newPassword, status] of [
    ['short', 400],
    ['ada@example.org', 400],
    ['1234567890', 400],
    ['Passw0rd123', 400],
    ['qwertyuiop', 400],
    ['aaaaaaaaaaaa', 400],
  ] as const) {
    expect((await change({ password, newPassword })).status, newPassword).toBe(status)
  }
  expect(await change({ password: 'wrong', newPassword: better })).toMatchObject({
    status: 401,
    body: { code: 'wrong_password' },
  })
  expect((await change({ password, newPassword: better })).status).toBe(204)
  const me = (as: string) => server.api('GET', '/api/v1/me', { headers: bearer(as) })
  expect((await me(token)).status).toBe(200)
  expect((await me(other)).status).toBe(401)
  expect((await server.api('POST', '/api/v1/token', { body: ada })).status).toBe(401)
  expect(await signInAgain(server, better)).toEqual(expect.any(String))
})

test('a link sets a password once, and from its making on the old one and every session are void', async () => {
  await using server = await startServerProcess()
  const admin = await signIn(server, ada.email, 'admin')
  const eve = await signIn(server, 'eve@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, eve.token) })
  sdk.client.connect()
  await next(sdk.client as never, 'connected')
  const closed = next(sdk.client as never, 'disconnected')
  const made = await server.api('POST', `/api/v1/users/${eve.id}/reset-password`, { headers: bearer(admin.token) })
  const { link } = passwordLink.parse(made.body)
  expect(await closed).toMatchObject({ code: 3503 })
  const eves = { email: 'eve@example.org', password }
  expect((await server.api('POST', '/api/v1/token', { body: eves })).status).toBe(401)
  const token = new URL(link).searchParams.get('token') ?? ''
  expect(link).toBe(`${server.url}/reset?token=${token}`)
  const path = '/api/v1/password-resets'
  expect((await server.api('GET', `${path}?token=${token}`)).body).toEqual({ email: 'eve@example.org', name: 'eve' })
  const better = 'a harp and two violins'
  expect((await server.api('POST', path, { body: { token, password: 'eve@example.org' } })).status).toBe(400)
  const outcomes = await Promise.all([1, 2].map(() => server.api('POST', path, { body: { token, password: better } })))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual([204, 410])
  for (const used of [
    await server.api('GET', `${path}?token=${token}`),
    await server.api('GET', `${path}?token=guess`),
  ]) {
    expect(used).toMatchObject({ status: 410, body: { code: 'reset_link_invalid' } })
  }
  expect(await server.api('POST', '/api/v1/token', { body: { ...eves, password: better } })).toMatchObject({
    status: 200,
  })
  const own = await server.api('POST', `/api/v1/users/${admin.id}/reset-password`, { headers: bearer(admin.token) })
  expect(own.status).toBe(403)
  expect(server.output()).not.toContain(token)
})

test('the command line makes accounts and resets with links to hand over, or with a password given', async () => {
  await using server = await startServerProcess()
  const added = await server.cli(['user', 'add', 'ola@example.org', '--role', 'operator'])
  const [link = ''] = /http\S+reset\?token=\S+/.exec(added.output) ?? []
  const token = new URL(link).searchParams.get('token')
  expect((await server.api('POST', '/api/v1/password-resets', { body: { token, password } })).status).toBe(204)
  const body = { email: 'ola@example.org', password }
  expect((await server.api('POST', '/api/v1/token', { body })).status).toBe(200)
  const reset = await server.cli(['user', 'reset-password', 'ola@example.org', '--json'])
  expect(JSON.parse(reset.output)).toMatchObject({
    email: 'ola@example.org',
    passwordLink: { link: expect.stringMatching(/reset\?token=/) },
  })
  await server.cli(['user', 'reset-password', 'ola@example.org', '--password-stdin'], { input: password })
  const weak = await server.cli(['user', 'reset-password', 'ola@example.org', '--password-stdin'], {
    input: 'ola@example.org1',
  })
  expect(weak).toMatchObject({ code: 1, output: expect.stringMatching(/guessed soon/) })
  expect((await server.api('POST', '/api/v1/token', { body })).status).toBe(200)
  const better = 'a harp and two violins'
  const set = await server.cli(['user', 'reset-password', 'ola@example.org', '--password-stdin'], { input: better })
  expect(set).toMatchObject({ code: 0, output: expect.not.stringMatching(/token=/) })
  expect((await server.api('POST', '/api/v1/token', { body: { ...body, password: better } })).status).toBe(200)
  expect(await server.cli(['user', 'reset-2fa', 'nobody@example.org'])).toMatchObject({ code: 1 })
})

async function signInAgain(server: ServerProcess, given: string): Promise<string> {
  const { body } = await server.api('POST', '/api/v1/token', { body: { ...ada, password: given } })
  return (body as { token: string }).token
}

/** What a WebSocket with this bearer is answered. */
function upgradeStatus(server: ServerProcess, token: string): Promise<number> {
  const url = `${server.url.replace('http', 'ws')}/connection/websocket`
  const socket = new WebSocket(url, { headers: bearer(token), handshakeTimeout: 20_000 })
  return new Promise<number>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
  }).finally(() => socket.terminate())
}

/** What the app shows so many seconds later. */
function codeOf(secret: string, laterSeconds: number): Promise<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  return createOTP(bytes).hotp(Math.floor((Date.now() / 1000 + laterSeconds) / 30))
}
