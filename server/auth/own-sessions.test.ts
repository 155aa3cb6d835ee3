import { expect, test } from 'vitest'
import type { Auth } from './auth.ts'
import {
  ada,
  address,
  anotherAdmin,
  bearer,
  browserSignedIn,
  identityOf,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'
import type { Identity } from './identity.ts'
import { onBehalfOf } from './origin.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Ada in a browser; answers what the browser sends from then on. */
async function inBrowser(auth: Auth) {
  const origin = { address, requestId: '', userAgent: firefox }
  return new Headers({ cookie: await onBehalfOf(origin, () => browserSignedIn(auth)) })
}

async function sessionOf(auth: Auth, headers: Headers) {
  const identity = (await auth.identify(headers))?.identity
  if (identity === undefined) throw new Error('nobody')
  return sessionIdOf(identity)
}

const sessionIdOf = (identity: Identity) => ('sessionId' in identity ? identity.sessionId : '')

test('browsers and programs are told apart, with what they call themselves and where they were last', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token, identity } = await signedIn(auth)
  const browser = await inBrowser(auth)
  server.forward(90)
  const origin = { address: '203.0.113.9', requestId: 'r1', userAgent: 'carillon/1.0 (linux)' }
  await onBehalfOf(origin, () => auth.identify(bearer(token)))
  const sessions = await auth.sessions.list(user.id, sessionIdOf(identity))
  expect(sessions).toEqual([
    {
      ...{ id: sessionIdOf(identity), current: true, kind: 'program', userAgent: 'carillon 1.0' },
      ...{ address: '203.0.113.9', startedAt: expect.any(String), lastUsedAt: expect.any(String) },
      expiresAt: expect.any(String),
    },
    expect.objectContaining({ current: false, kind: 'browser', userAgent: 'Firefox on Linux', address }),
  ])
  expect(JSON.stringify(sessions)).not.toContain(token.slice(0, 20))
  expect(await sessionOf(auth, browser)).toBe(sessions[1]?.id)
})

test.each([
  ['others', ['program 1'], 3],
  ['programs', ['browser 1', 'browser 2'], 2],
  ['all', [], 4],
] as const)('of four sessions those left after ending "%s" are %j', async (which, left, ended) => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token, identity } = await signedIn(auth)
  const second = await auth.signIn(ada.email, password, address)
  const all = {
    'program 1': bearer(token),
    'program 2': bearer(second.token),
    'browser 1': await inBrowser(auth),
    'browser 2': await inBrowser(auth),
  }
  expect(await auth.sessions.endOf(user.id, which, sessionIdOf(identity))).toBe(ended)
  const alive: string[] = []
  for (const [name, headers] of Object.entries(all)) {
    if (await auth.identify(headers).catch(() => null)) alive.push(name)
  }
  expect(alive).toEqual(left)
  const { items } = await auth.audit.list({ action: 'sessions_end' }, { limit: 10, cursor: null })
  expect(items).toMatchObject([{ details: { which, ended: String(ended) } }])
})

test("one's own session is ended by its id, somebody else's is not found, and both are told to sockets", async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token, identity } = await signedIn(auth)
  const grace = await anotherAdmin(auth)
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  const id = sessionIdOf(identity)
  await expect(auth.sessions.end(id, grace.id)).rejects.toMatchObject({ code: 'not_found' })
  expect(await identityOf(auth, token)).toMatchObject({ kind: 'user' })
  await auth.sessions.end(id, user.id)
  expect(revoked).toEqual([{ kind: 'session', sessionId: id }])
  await expect(auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
  await expect(auth.sessions.end(id)).rejects.toMatchObject({ code: 'not_found' })
})

test('a session that time has ended is not shown', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user } = await signedIn(auth)
  await inBrowser(auth)
  server.forward(8 * 24 * 3600)
  expect(await auth.sessions.list(user.id, null)).toMatchObject([{ kind: 'program' }])
})
