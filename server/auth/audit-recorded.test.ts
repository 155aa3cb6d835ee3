import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditFilter } from '#protocol/audit.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import {
  ada,
  address,
  anotherAdmin,
  authRequest,
  bearer,
  cookiesOf,
  enrolled,
  identityOf,
  kiosk,
  operator,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'
import { post, registered } from './oauth/oauth-fixture.ts'
import { askedBy, onBehalfOf } from './origin.ts'

type Server = Awaited<ReturnType<typeof startAuth>>

/** What an administrator does who has asked for it. */
const asOlga = <T>(work: () => Promise<T>) =>
  onBehalfOf({ address, requestId: 'request-1', userAgent: '' }, () => {
    askedBy(operator)
    return work()
  })

/** Newest last, in words. */
async function told({ auth }: Server, filter: AuditFilter = {}): Promise<readonly string[]> {
  const { items } = await auth.audit.list(filter, { limit: 200, cursor: null })
  return items
    .map(({ actor, action, target, outcome, code }) =>
      [actor?.name ?? 'somebody', action, target?.name ?? '-', code ?? outcome].join(' '),
    )
    .toReversed()
}

test('what administrators do is told of, with who they are', async () => {
  await using server = await startAuth()
  const { auth } = server
  await asOlga(async () => {
    const user = await auth.users.create(ada)
    await anotherAdmin(auth)
    await auth.users.setDisabled(user.id, true)
    await auth.users.setDisabled(user.id, false)
    const { id } = await auth.keys.create('weather', ['publish'], operator)
    await auth.keys.revoke(id)
    const { device } = await enrolled(auth)
    await auth.devices.remove(device.id)
    const { user_code } = await auth.enrolments.start(kiosk, address)
    await auth.enrolments.deny(user_code, operator)
  })
  const people = (action: string) => `Olga ${action} Ada <ada@example.org> done`
  expect((await told(server)).filter((line) => !line.includes('sign_in'))).toEqual([
    people('user_create'),
    'Olga user_create Grace <grace@example.org> done',
    people('user_disable'),
    people('user_enable'),
    'Olga key_create weather done',
    'Olga key_revoke weather done',
    'Olga device_approve lobby-1 done',
    'Olga device_remove lobby-1 done',
    'Olga device_deny carillon-kiosk done',
  ])
})

test('the first administrator, and whoever signs out in a browser or as a program', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { cookies } = await auth.setup.complete({ token: await auth.setup.createToken(), ...ada }, address)
  const out = await auth.handle(authRequest('POST', '/sign-out', {}, { cookie: cookiesOf(cookies) }), address)
  expect(out.status).toBe(200)
  const { token } = await auth.signIn(ada.email, password, address)
  const identity = await identityOf(auth, token)
  await onBehalfOf({ address, requestId: '', userAgent: '' }, async () => {
    askedBy(identity)
    if (identity.kind === 'user') await auth.endSession(identity.sessionId)
  })
  const name = 'Ada <ada@example.org>'
  expect(await told(server, { action: 'setup' })).toEqual([`${name} setup - done`])
  const ended = await told(server, { action: 'sign_out' })
  expect(ended.map((line) => line.trim())).toEqual([`${name} sign_out  done`, `${name} sign_out  done`])
})

test('what does not happen is not told of as done', async () => {
  await using server = await startAuth()
  const { auth } = server
  const user = await auth.users.create(ada)
  const before = await told(server)
  await expect(auth.users.setDisabled(user.id, true)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(auth.keys.revoke('none')).rejects.toMatchObject({ code: 'not_found' })
  await expect(auth.users.create(ada)).rejects.toMatchObject({ code: 'already_exists' })
  expect(await told(server)).toEqual(before)
})

test('a key or token that is not valid is told of by as much of it as its list shows', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { id, key } = await auth.keys.create('weather', ['publish'], operator)
  await auth.keys.revoke(id)
  const refused: Record<string, string>[] = [
    { 'x-api-key': key },
    { authorization: 'apikey something-else-that-is-secret' },
    { authorization: 'Bearer truncated' },
  ]
  for (const headers of refused) {
    await expect(auth.identify(new Headers(headers))).rejects.toMatchObject({ code: 'invalid_token' })
  }
  const route = 'GET /api/v1/users/:id'
  await onBehalfOf({ address, requestId: '', userAgent: '', route }, () =>
    expect(auth.identify(new Headers({ authorization: 'Bearer expired' }))).rejects.toMatchObject({
      code: 'invalid_token',
    }),
  )
  const { items } = await auth.audit.list({ outcome: 'refused' }, { limit: 10, cursor: null })
  expect(items[0]?.target).toEqual({ kind: 'route', id: route, name: route })
  expect(items.map(({ action, code, details }) => ({ action, code, details })).slice(1)).toEqual([
    { action: 'access_refused', code: 'invalid_token', details: {} },
    { action: 'key_refused', code: 'invalid_token', details: { start: key.slice(0, 10) } },
  ])
})

test('no secret that was used is in the record, whatever was done with it', async () => {
  await using server = await startAuth()
  const { auth } = server
  const setupToken = await auth.setup.createToken()
  const { cookies } = await auth.setup.complete({ token: setupToken, ...ada }, address)
  const { token } = await auth.signIn(ada.email, password, address)
  const wrong = 'wrong horse battery'
  await auth.signIn(ada.email, wrong, address).catch(() => {})
  await auth.signInBrowser(ada.email, wrong, address).catch(() => {})
  const start = await auth.enrolments.start(kiosk, address)
  await auth.enrolments.approve(start.user_code, 'lobby-2', operator)
  const screen = await enrolled(auth)
  const { key, id } = await auth.keys.create('weather', ['publish'], operator)
  const identity = await identityOf(auth, token)
  const access = await auth.issueAccessToken(identity)
  const { ticket } = await auth.tickets.issue(identity)
  const cookie = cookiesOf(cookies)
  await auth.handle(authRequest('POST', '/sign-out', {}, { cookie }), address)
  await auth.keys.revoke(id)
  await auth.devices.remove(screen.device.id)
  if (identity.kind === 'user') await auth.endSession(identity.sessionId)
  for (const headers of [bearer(token), bearer(screen.token), new Headers({ 'x-api-key': key })]) {
    await auth.identify(headers).catch(() => {})
  }
  await auth[Symbol.asyncDispose]()

  const record = JSON.stringify(await server.database.all('select * from audit_entries'))
  for (const action of ['setup', 'key_refused', 'device_approve', 'sign_out']) expect(record).toContain(`"${action}"`)
  const secrets = [setupToken, cookie, token, screen.token, key, access.token, ticket, password, wrong]
  const parts = [...secrets, start.device_code].flatMap((secret) => [secret, ...secret.split(/[.=]/)])
  for (const part of parts.filter(({ length }) => length >= 12)) expect(record).not.toContain(part)
  expect(record).not.toContain(start.user_code)
})

test('a wrong password within the account is on record, locks that session, and is forgiven by an administrator', async () => {
  await using server = await startAuth({
    limits: { signIn: { attempts: 2, windowMs: 60_000, maxLockMs: 60_000, perAddress: 100 } },
  })
  const { auth } = server
  const { user, identity } = await signedIn(auth)
  const change = () => auth.passwords.change(identity, 'not what it is', 'six geese over the harbour')
  for (const code of ['wrong_password', 'wrong_password', 'rate_limited']) {
    await expect(change()).rejects.toMatchObject({ code })
  }
  await auth.users.unlock(user.id, operator)
  await expect(change()).rejects.toMatchObject({ code: 'wrong_password' })
  const { items } = await auth.audit.list({ action: 'confirm_refused' }, { limit: 9, cursor: null })
  expect(items.map(({ actor, code, details }) => [actor?.name, code, details])).toEqual([
    ['Ada <ada@example.org>', 'rate_limited', { what: 'password' }],
    ['Ada <ada@example.org>', 'wrong_password', { what: 'password' }],
  ])
})

test('a service with a wrong secret, and one that nobody knows, are on record', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { client_id } = await registered(auth, {
    name: 'Wall clock',
    kind: 'service',
    redirectUris: [],
    scopes: ['publish'],
  })
  for (const id of [client_id, 'nobody']) {
    const asked = { grant_type: 'client_credentials', client_id: id, client_secret: 'a wrong one' }
    const isKnown = id === client_id
    const error_description = isKnown ? expect.any(String) : expect.stringMatching(/^No client has this id/)
    expect(await post(auth, 'token', asked)).toMatchObject({ body: { error: 'invalid_client', error_description } })
  }
  const { items } = await auth.audit.list({ action: 'oauth_client_refused' }, { limit: 9, cursor: null })
  expect(items.map(({ actor, outcome, details }) => [actor?.name, outcome, details])).toEqual([
    [undefined, 'refused', { endpoint: '/oauth2/token' }],
    ['Wall clock', 'refused', { endpoint: '/oauth2/token' }],
  ])
  expect(JSON.stringify(items)).not.toContain('a wrong one')
})

test('a second start on the same records has nothing to warn of', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  for (const _ of [1, 2]) {
    await using server = await startAuth({ path })
    expect(server.logged()).not.toContain('"level":40')
  }
})
