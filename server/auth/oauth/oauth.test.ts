import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sessionSettings } from '#server/config/sign-ins.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import type { Auth } from '../auth.ts'
import {
  ada,
  address,
  anotherAdmin,
  baseUrl,
  browserSignedIn,
  identityOf,
  operator,
  password,
  startAuth,
} from '../auth-fixture.ts'
import type { Identity } from '../identity.ts'
import { createGrants } from './grants.ts'
import { adasBrowser, callback, holderOf, post, registered } from './oauth-fixture.ts'
import { sweepGrants } from './sweep-grants.ts'

const anotherPassword = 'seven wet umbrellas'

test('what a service was let do is on record, and so is what was taken back', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const { access, refresh } = await browser.tokens(client)
  expect(await holderOf(auth, access)).toMatchObject({
    ...{ kind: 'grant', userId: browser.user.id, role: 'admin', scopes: ['publish'] },
    client: { id: client.client_id, name: 'Dashboards' },
  })
  await post(auth, 'revoke', { token: refresh, ...client })
  expect(await holderOf(auth, access)).toBe(null)
  const { items } = await auth.audit.list({}, { limit: 20, cursor: null })
  const oauth = items
    .filter(({ action }) => action.startsWith('oauth'))
    .map(({ action, target }) => [action, target?.id])
  expect(oauth).toEqual([
    ['oauth_revoke', browser.user.id],
    ['oauth_grant', client.client_id],
    ['oauth_consent', client.client_id],
    ['oauth_client_create', client.client_id],
  ])
  expect(server.logged()).not.toContain(client.client_secret)
})

test('a code is good for a minute, an access token for an hour, and what has expired is removed', async () => {
  await using server = await startAuth()
  const { auth, database, forward, clock } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const form = await browser.code(client)
  const kept = await database.all<{ expiresAt: string; createdAt: string }>(
    'select "expiresAt", "createdAt" from verification',
  )
  expect(kept.map((row) => Date.parse(row.expiresAt) - Date.parse(row.createdAt))).toEqual([60_000])
  const { body } = await post(auth, 'token', form)
  const access = String(body.access_token)
  expect(body).toMatchObject({ expires_in: 3600, token_type: 'Bearer' })
  expect(await holderOf(auth, access)).toMatchObject({ expiresAt: expect.any(Number) })
  expect(await auth.verifyConnectionToken(access)).toMatchObject({ ok: true, expiresAt: expect.any(Number) })
  forward(3601)
  expect(await holderOf(auth, access)).toBe(null)
  expect(await auth.verifyConnectionToken(access)).toEqual({ ok: false, reason: 'expired' })
  await sweepGrants({ database, clock, grants: { end: async () => {} } })
  expect(await database.all('select id from "oauthAccessToken"')).toEqual([])
  expect(await database.all('select id from "oauthRefreshToken"')).toHaveLength(1)
})

test('what strangers leave behind is removed however much it is', async () => {
  await using server = await startAuth()
  const { database, clock } = server
  const at = new Date(clock() - 1000).toISOString()
  await database.transaction(async (rows) => {
    for (let n = 0; n < 1100; n++) {
      await rows.run(
        `insert into verification (id, identifier, value, "expiresAt", "createdAt", "updatedAt") values (?, ?, '{}', ?, ?, ?)`,
        ...[`v${n}`, `challenge-${n}`, at, at, at],
      )
    }
  })
  await sweepGrants({ database, clock, grants: { end: async () => {} } })
  expect(await database.all('select id from verification')).toEqual([])
})

test('after a year a person is asked again, however often a service has refreshed', async () => {
  await using server = await startAuth()
  const { auth, database, forward, clock } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const grants = createGrants({ database, clock, revocation: { publish: () => {}, onRevoked: () => () => {} } })
  await browser.tokens(client)
  forward(364 * 24 * 3600)
  await sweepGrants({ database, clock, grants })
  expect(await auth.oauth.grants.list(browser.user.id)).toHaveLength(1)
  forward(24 * 3600)
  await sweepGrants({ database, clock, grants })
  expect(await auth.oauth.grants.list(browser.user.id)).toEqual([])
})

test('one who is disabled, or whose client is, has no tokens and gets none', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  await anotherAdmin(auth)
  const refresh = (token: string) =>
    post(auth, 'token', { grant_type: 'refresh_token', refresh_token: token, ...client })
  const first = await browser.tokens(client)
  await auth.oauth.clients.update(client.client_id, { disabled: true }, operator)
  expect(await holderOf(auth, first.access)).toBe(null)
  expect(await refresh(first.refresh)).toMatchObject({ body: { error: 'invalid_grant' } })
  await auth.oauth.clients.update(client.client_id, { disabled: false }, operator)
  expect(await refresh(first.refresh)).toMatchObject({ body: { error: 'invalid_grant' } })

  const second = await browser.tokens(client)
  const waiting = await browser.code(client)
  await auth.users.setDisabled(browser.user.id, true)
  expect(await holderOf(auth, second.access)).toBe(null)
  expect(await refresh(second.refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await post(auth, 'token', waiting)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await auth.oauth.grants.list(browser.user.id)).toEqual([])
})

test.each([
  ['another role', (auth: Auth, id: string) => auth.users.update(id, { role: 'viewer' })],
  ['signing out everywhere, by an administrator', (auth: Auth, id: string) => auth.users.signOut(id)],
  ['resetting one’s tokens', (auth: Auth, id: string) => auth.sessions.endOf(id, 'programs', null)],
  ['signing out everywhere', (auth: Auth, id: string) => auth.sessions.endOf(id, 'all', null)],
  ['another password', (auth: Auth, _id: string, by: Identity) => auth.passwords.change(by, password, anotherPassword)],
  ['a link for another password', (auth: Auth, id: string) => auth.passwords.startReset(id, operator)],
  ['the end of the account', (auth: Auth, id: string) => auth.users.remove(id)],
])('with %s all that services were let do ends', async (_what, change) => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  await anotherAdmin(auth)
  const { access, refresh } = await browser.tokens(client)
  const holder = await holderOf(auth, access)
  if (holder?.kind !== 'grant') throw new Error('nobody')
  const ended: unknown[] = []
  auth.onRevoked((revoked) => ended.push(revoked))
  await change(auth, browser.user.id, browser.identity)
  expect(await holderOf(auth, access)).toBe(null)
  expect(ended).toContainEqual({ kind: 'session', sessionId: holder.grantId })
  const again = { grant_type: 'refresh_token', refresh_token: refresh, ...client }
  expect(await post(auth, 'token', again)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await post(auth, 'introspect', { token: refresh, ...client })).toMatchObject({ body: { active: false } })
})

test('of several that come with one code at once, one gets a token', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const form = await (await adasBrowser(auth)).code(client)
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(auth, 'token', form)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400, 400])
})

test('who has to set up a second factor first lets nobody act for them, though they have agreed before', async () => {
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 60_000 } })
  const { auth, forward } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  expect((await browser.code(client)).code).not.toBe('')
  forward(61)
  expect(await browser.code(client)).toMatchObject({ code: '' })
})

test('a consent that is taken back while a token is being made leaves no token', async () => {
  await using server = await startAuth()
  const { auth, database } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const { access, refresh } = await browser.tokens(client)
  // As if it came between the look at the refresh token and the answer.
  await database.run('delete from "oauthConsent"')
  expect(await holderOf(auth, access)).toBe(null)
  expect(await post(auth, 'introspect', { token: access, ...client })).toMatchObject({ body: { active: false } })
  expect(await post(auth, 'introspect', { token: refresh, ...client })).toMatchObject({ body: { active: false } })
  const answer = await post(auth, 'token', { grant_type: 'refresh_token', refresh_token: refresh, ...client })
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a refresh token used twice is on record and ends the whole grant', async () => {
  await using server = await startAuth()
  const { auth, forward } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const ended: unknown[] = []
  const { access, refresh } = await browser.tokens(client)
  const again = () => post(auth, 'token', { grant_type: 'refresh_token', refresh_token: refresh, ...client })
  const next = (await again()).body
  expect(await again()).toMatchObject({ body: { error: 'invalid_grant' } })
  expect(await holderOf(auth, String(next.access_token))).not.toBe(null)
  auth.onRevoked((revoked) => ended.push(revoked))
  forward(4)
  expect(await again()).toMatchObject({ body: { error: 'invalid_grant' } })
  for (const token of [access, String(next.access_token)]) expect(await holderOf(auth, token)).toBe(null)
  expect(ended).toHaveLength(2)
  const { items } = await auth.audit.list({ action: 'oauth_refresh_reuse' }, { limit: 9, cursor: null })
  expect(items).toMatchObject([
    { outcome: 'refused', actor: { id: client.client_id }, target: { id: browser.user.id } },
  ])
})

test('a device is let in by a person and acts as they may, until that is taken back', async () => {
  await using server = await startAuth()
  const { auth } = server
  const clock = await registered(auth, { kind: 'device', redirectUris: [], scopes: ['subscribe', 'offline_access'] })
  const { identity, user } = await adasBrowser(auth)
  const { body } = await post(auth, 'device_authorization', { ...clock, user_id: 'somebody-else' })
  const code = String(body.user_code)
  expect(await auth.oauth.deviceGrants.view(code, identity)).toMatchObject({
    scopes: [{ name: 'subscribe' }, { name: 'offline_access' }],
  })
  await auth.oauth.deviceGrants.decide(code, true, identity)
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const { body: tokens } = await post(auth, 'token', { grant_type, device_code: String(body.device_code), ...clock })
  expect(await holderOf(auth, String(tokens.access_token))).toMatchObject({ userId: user.id, scopes: ['subscribe'] })
  expect(await auth.oauth.grants.list(user.id)).toMatchObject([{ clientId: clock.client_id }])
  await auth.oauth.grants.end(clock.client_id, identity)
  expect(await holderOf(auth, String(tokens.access_token))).toBe(null)
  await expect(auth.oauth.grants.end(clock.client_id, identity)).rejects.toMatchObject({ code: 'not_found' })
})

test('taking a scope from a client ends what it was let do, and another name does not', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  const { access } = await browser.tokens(client)
  const id = client.client_id
  expect(await auth.oauth.clients.update(id, { name: 'Boards' }, operator)).toMatchObject({ name: 'Boards' })
  expect(await holderOf(auth, access)).toMatchObject({ client: { name: 'Boards' } })
  await auth.oauth.clients.update(id, { scopes: ['openid'] }, operator)
  expect(await holderOf(auth, access)).toBe(null)
  expect(await auth.oauth.clients.list()).toMatchObject([{ id, scopes: ['openid'], redirectUris: [callback] }])
  await auth.oauth.clients.remove(id, operator)
  expect(await auth.oauth.clients.list()).toEqual([])
  await expect(auth.oauth.clients.get(id)).rejects.toMatchObject({ code: 'not_found' })
})

test('a machine has an account of its own, which goes with its client', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth, { name: 'Weather', kind: 'service', redirectUris: [], scopes: ['publish'] })
  const { body } = await post(auth, 'token', { grant_type: 'client_credentials', ...client })
  const access = String(body.access_token)
  expect(body).not.toHaveProperty('refresh_token')
  const holder = await holderOf(auth, access)
  expect(holder).toMatchObject({ kind: 'grant', name: 'Weather', role: 'operator', scopes: ['publish'] })
  if (holder === null) throw new Error('nobody')
  const { ticket } = await auth.tickets.issue(holder)
  expect(await auth.tickets.redeem(ticket)).toEqual(holder)
  await auth.oauth.clients.rotateSecret(client.client_id, operator)
  expect(await holderOf(auth, access)).toBe(null)
  expect(await auth.current(holder)).toBe(null)
  const ended: unknown[] = []
  auth.onRevoked((revoked) => ended.push(revoked))
  await auth.oauth.clients.remove(client.client_id, operator)
  expect(ended).toEqual([{ kind: 'user', userId: holder.userId }])
})

test('whoever has to set up a second factor is handed no code, also for what they let in before', async () => {
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 3_600_000 } })
  const { auth } = server
  const client = await registered(auth)
  const browser = await adasBrowser(auth)
  await browser.tokens(client)
  server.forward(3500)
  expect(await sentTo(auth, client.client_id, await browserSignedIn(auth))).toMatch(/^https:\/\/dashboards\S+code=/)
  const late = await browserSignedIn(auth)
  server.forward(101)
  expect(await sentTo(auth, client.client_id, late)).toBe(`${baseUrl}/account`)
})

test('a session that is over by the settings of today lets nobody in, nor does the token of a program', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  const before = await startAuth({ path })
  const client = await registered(before.auth)
  const browser = await adasBrowser(before.auth)
  await browser.tokens(client)
  const { token } = await before.auth.signIn(ada.email, password, address)
  expect(await sentTo(before.auth, client.client_id, browser.cookie)).toContain('code=')
  const [name] = browser.cookie.split('=')
  const asCookie = `${name}=${encodeURIComponent(token)}`
  expect(await sentTo(before.auth, client.client_id, asCookie)).toContain('/sign-in?')
  await before[Symbol.asyncDispose]()
  await using server = await startAuth({ path, session: sessionSettings.parse({ idle: '5m' }) })
  server.forward(301)
  expect(await sentTo(server.auth, client.client_id, browser.cookie)).toContain('/sign-in?')
})

test('only the browser whose session it is consents, whoever else the request says it is', async () => {
  await using server = await startAuth()
  const { auth } = server
  const client = await registered(auth)
  const { cookie } = await adasBrowser(auth)
  const grace = await anotherAdmin(auth)
  const { token } = await auth.signIn(grace.email, password, address)
  const { search } = new URL(await sentTo(auth, client.client_id, cookie))
  const decide = auth.oauth.consents.decide({ query: search, accept: true, cookie }, await identityOf(auth, token))
  await expect(decide).rejects.toMatchObject({ code: 'forbidden' })
  expect(await auth.oauth.grants.list(grace.id)).toEqual([])
})

/** Where a service's request for a code sends this browser. */
async function sentTo(auth: Auth, client_id: string, cookie: string): Promise<string> {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id, redirect_uri: callback, scope: 'openid publish offline_access' },
    ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
  })
  const asked = new Request(`${baseUrl}/api/auth/oauth2/authorize?${query}`, { headers: { cookie } })
  const sent = await auth.handle(asked, address)
  return new URL(sent.headers.get('location') ?? '', baseUrl).href
}
