import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { page, ticketAnswer, tokenAnswer } from '#protocol/api.ts'
import { type AuditView, auditView } from '#protocol/audit.ts'
import { enrolmentAnswer, enrolmentTokenAnswer } from '#protocol/devices.ts'
import { keyAnswer } from '#protocol/keys.ts'
import { describeWith } from '../support/needs.ts'
import { openBrowser, registerClient } from '../support/oauth-browser.ts'
import { openRaw } from '../support/raw-client.ts'
import { bearer, password, type ServerProcess, signIn } from '../support/server-process.ts'
import { startSiteOfTwo } from '../support/site-of-two.ts'

/** What the server promises, in milliseconds. */
const promisedMs = 1_000

describeWith(['redis', 'postgresql'], 'two nodes that share Redis and PostgreSQL', () => {
  test('whoever is banned at one is out at both within a second: sockets, sessions, tickets, keys and OAuth', async () => {
    await using site = await startSiteOfTwo()
    const [one, other] = site.nodes
    const admin = await signIn(one, 'ada@example.org', 'admin')
    const operator = await signIn(one, 'ola@example.org', 'operator')
    const bystander = await signIn(other, 'bo@example.org', 'operator')
    const key = await ownKey(other, operator.token)
    const browser = await signInBrowser(other, 'ola@example.org')
    const service = await letIn(one, admin.token, 'ola@example.org')
    const sockets = [
      await openSocket(other, bearer(service.token)),
      await openSocket(one, bearer(operator.token)),
      await openSocket(other, bearer(operator.token)),
      await openSocket(other, browser),
      await openSocket(one, { 'x-api-key': key }),
      await openSocket(other, { 'x-api-key': key }),
    ]
    const staying = [await openSocket(one, bearer(bystander.token)), await openSocket(other, bearer(admin.token))]
    const ticket = await ticketOf(other, bearer(operator.token))

    const before = performance.now()
    expect(await post(other, `/api/v1/users/${operator.id}/disable`, admin.token)).toBe(204)
    const codes = await Promise.all(sockets.map(({ closed }) => closed))
    expect(performance.now() - before).toBeLessThan(promisedMs)
    expect(codes).toEqual(sockets.map(() => ({ code: 3503, reason: expect.stringMatching(/^access ended/) })))
    expect(staying.map(({ socket }) => socket.readyState)).toEqual([1, 1])

    for (const node of site.nodes) {
      expect(await statusOf(node, bearer(operator.token))).toBe(401)
      expect(await statusOf(node, { 'x-api-key': key })).toBe(401)
      expect(await statusOf(node, browser)).toBe(401)
      expect(await statusOf(node, bearer(service.token))).toBe(401)
      const again = await node.api('POST', '/api/v1/token', { body: { email: 'ola@example.org', password } })
      expect(again.body).toMatchObject({ code: 'account_disabled' })
    }
    await expect(openRaw(`${socketUrl(one)}?ticket=${ticket}`)).rejects.toThrow(/401/)
    await expect(service.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })
    const [ban] = await audit(one, admin.token, 'user_disable')
    expect(ban).toMatchObject({
      ...{ actor: { id: admin.id }, target: { id: operator.id }, outcome: 'done', address: '127.0.0.1' },
      requestId: expect.stringMatching(/./),
    })
    expect((await audit(one, admin.token, 'key_refused')).length).toBeGreaterThan(0)
  }, 120_000)

  test('whatever ends a credential closes its sockets at both nodes within a second', async () => {
    await using site = await startSiteOfTwo()
    const [one, other] = site.nodes
    const admin = await signIn(one, 'ada@example.org', 'admin')
    const device = await enrol(one, admin.token)

    const ways: readonly (readonly [what: string, opens: Opens, ends: (person: Person) => Promise<number>])[] = [
      ['sign-out', 'session', ({ token }) => send('DELETE', other, '/api/v1/token', token)],
      ['the end of one session', 'session', ({ token }) => endOnly(one, token)],
      ['reset tokens', 'session', ({ token }) => post(one, '/api/v1/sessions/end', token, { which: 'programs' }, 200)],
      ['sign-out by an administrator', 'session', ({ id }) => post(other, `/api/v1/users/${id}/sign-out`, admin.token)],
      ['password reset', 'session', ({ id }) => post(one, `/api/v1/users/${id}/reset-password`, admin.token, {}, 200)],
      ['removal of the account', 'session', ({ id }) => send('DELETE', one, `/api/v1/users/${id}`, admin.token)],
      ['revocation of the key', 'key', ({ keyId }) => send('DELETE', other, `/api/v1/keys/${keyId}`, admin.token)],
      ['removal of the owner', 'key', ({ id }) => send('DELETE', other, `/api/v1/users/${id}`, admin.token)],
    ]
    for (const [n, [what, opens, end]] of ways.entries()) {
      const person = await personWithKey(one, `p${n}@example.org`)
      const credential = opens === 'key' ? { 'x-api-key': person.key } : bearer(person.token)
      const sockets = [await openSocket(one, credential), await openSocket(other, credential)]
      const before = performance.now()
      expect([what, await end(person)]).toEqual([what, 204])
      const codes = await Promise.all(sockets.map(async ({ closed }) => (await closed).code))
      expect([what, performance.now() - before < promisedMs, codes]).toEqual([what, true, [3503, 3503]])
      for (const node of site.nodes) expect([what, await statusOf(node, credential)]).toEqual([what, 401])
    }

    const screens = [await openSocket(one, bearer(device.token)), await openSocket(other, bearer(device.token))]
    const before = performance.now()
    expect(await send('DELETE', other, `/api/v1/devices/${device.id}`, admin.token)).toBe(204)
    expect(await Promise.all(screens.map(async ({ closed }) => (await closed).code))).toEqual([3503, 3503])
    expect(performance.now() - before).toBeLessThan(promisedMs)
    expect(await statusOf(one, bearer(device.token))).toBe(401)
  }, 150_000)

  test('with another role sockets come back at both nodes, as what their user is now', async () => {
    await using site = await startSiteOfTwo()
    const [one, other] = site.nodes
    const admin = await signIn(one, 'ada@example.org', 'admin')
    const person = await personWithKey(one, 'ola@example.org')
    const sockets = [await openSocket(one, bearer(person.token)), await openSocket(other, bearer(person.token))]
    const keySocket = await openSocket(other, { 'x-api-key': person.key })
    const before = performance.now()
    const change = { headers: bearer(admin.token), body: { role: 'viewer' } }
    expect(await one.api('PATCH', `/api/v1/users/${person.id}`, change)).toMatchObject({ body: { role: 'viewer' } })
    const closed = await Promise.all([...sockets, keySocket].map(async (each) => (await each.closed).code))
    expect(performance.now() - before).toBeLessThan(promisedMs)
    // In the range in which clients come back by themselves.
    expect(closed).toEqual([3011, 3011, 3011])
    expect(await other.api('GET', '/api/v1/me', { headers: bearer(person.token) })).toMatchObject({
      body: { role: 'viewer' },
    })
    // A viewer could not make a key that publishes.
    expect(await statusOf(one, { 'x-api-key': person.key })).toBe(401)
  }, 120_000)

  test('while Redis is away nobody is told that they are signed out', async () => {
    await using site = await startSiteOfTwo()
    const [one] = site.nodes
    const person = await signIn(one, 'ola@example.org', 'operator')
    const ticket = await ticketOf(one, bearer(person.token))
    const ended = await ticketOf(one, bearer(person.token))
    expect(await post(one, '/api/v1/sessions/end', person.token, { which: 'all' }, 200)).toBe(204)
    await expect(openRaw(`${socketUrl(one)}?ticket=${ended}`)).rejects.toThrow(/401/)
    const back = await one.api('POST', '/api/v1/token', { body: { email: 'ola@example.org', password } })
    const { token } = tokenAnswer.parse(back.body)
    await site.redis.kill()
    await expect
      .poll(() => one.api('POST', '/api/v1/tickets', { headers: bearer(token) }))
      .toMatchObject({ status: 503, body: { code: 'unavailable' } })
    const refused = await one.api('POST', '/api/v1/tickets', { headers: bearer(token) })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await expect(openRaw(`${socketUrl(one)}?ticket=${ticket}`)).rejects.toThrow(/503/)
    expect(await statusOf(one, bearer(token))).toBe(200)
  }, 120_000)
})

type Opens = 'session' | 'key'
interface Person {
  readonly id: string
  readonly token: string
  readonly key: string
  readonly keyId: string
}

const socketUrl = ({ url }: ServerProcess) => `${url.replace('http', 'ws')}/connection/websocket`

async function ticketOf(node: ServerProcess, headers: Record<string, string>) {
  const { body } = await node.api('POST', '/api/v1/tickets', { headers: { origin: node.url, ...headers } })
  return ticketAnswer.parse(body).ticket
}

/** A socket that has been let in. */
async function openSocket(node: ServerProcess, headers: Record<string, string>) {
  const raw = await openRaw(`${socketUrl(node)}?ticket=${await ticketOf(node, headers)}`)
  raw.send({ id: 1, connect: {} })
  await raw.reply(1)
  return raw
}

async function signInBrowser(node: ServerProcess, email: string) {
  const headers = { origin: node.url }
  const answer = await node.api('POST', '/api/v1/sign-in', { headers, body: { email, password } })
  return { cookie: (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '' }
}

/** A service that acts for this person, by OAuth. */
async function letIn(node: ServerProcess, adminToken: string, email: string) {
  const [redirect_uri, scope] = ['https://dashboards.example.org/callback', 'publish subscribe offline_access']
  const client = await registerClient(node, adminToken, {
    ...{ kind: 'web', redirectUris: [redirect_uri], scopes: scope.split(' ') },
  })
  const issuer = new URL(`${node.url}/api/auth`)
  const insecure = { execute: [openid.allowInsecureRequests] }
  const config = await openid.discovery(issuer, client.id, client.secret ?? undefined, undefined, insecure)
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const asked = openid.buildAuthorizationUrl(config, {
    ...{ redirect_uri, scope, code_challenge_method: 'S256' },
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
  })
  const url = await openBrowser(node).authorize(asked, email)
  const tokens = await openid.authorizationCodeGrant(config, url, { pkceCodeVerifier })
  return { token: tokens.access_token, refresh: () => openid.refreshTokenGrant(config, tokens.refresh_token ?? '') }
}

async function ownKey(node: ServerProcess, token: string) {
  const body = { name: 'own', scopes: ['publish', 'subscribe'] }
  return keyAnswer.parse((await node.api('POST', '/api/v1/keys', { headers: bearer(token), body })).body).key
}

async function personWithKey(node: ServerProcess, email: string): Promise<Person> {
  const person = await signIn(node, email, 'operator')
  const body = { name: 'own', scopes: ['publish'] }
  const made = await node.api('POST', '/api/v1/keys', { headers: bearer(person.token), body })
  const { id, key } = keyAnswer.parse(made.body)
  return { ...person, key, keyId: id }
}

/** A screen that has been approved. */
async function enrol(node: ServerProcess, token: string) {
  const about = { hostname: 'pi', version: '0', platform: 'linux' }
  const code = enrolmentAnswer.parse((await node.api('POST', '/api/v1/enrolments', { body: about })).body)
  const approval = { headers: bearer(token), body: { name: 'lobby-1' } }
  await node.api('POST', `/api/v1/enrolments/${code.user_code}/approve`, approval)
  const redeemed = await node.api('POST', '/api/v1/enrolments/token', { body: { device_code: code.device_code } })
  const answer = enrolmentTokenAnswer.parse(redeemed.body)
  return { id: answer.device.id, token: answer.token }
}

async function endOnly(node: ServerProcess, token: string): Promise<number> {
  const { body } = await node.api('GET', '/api/v1/sessions', { headers: bearer(token) })
  const { items } = body as { items: { id: string; current: boolean }[] }
  return send('DELETE', node, `/api/v1/sessions/${items.find(({ current }) => current)?.id}`, token)
}

async function send(method: string, node: ServerProcess, path: string, token: string): Promise<number> {
  return (await node.api(method, path, { headers: bearer(token) })).status
}

/** 204 when the answer is what it should be. */
async function post(node: ServerProcess, path: string, token: string, body?: object, expected = 204): Promise<number> {
  const { status } = await node.api('POST', path, { headers: bearer(token), ...(body && { body }) })
  return status === expected ? 204 : status
}

async function statusOf(node: ServerProcess, headers: Record<string, string>): Promise<number> {
  return (await node.api('GET', '/api/v1/me', { headers })).status
}

async function audit(node: ServerProcess, token: string, action: string): Promise<readonly AuditView[]> {
  const { body } = await node.api('GET', `/api/v1/audit?action=${action}`, { headers: bearer(token) })
  return page(auditView).parse(body).items
}
