import { expect, test } from 'vitest'
import {
  ada,
  address,
  authRequest,
  baseUrl,
  browserSignedIn,
  cookiesOf,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'

const credentials = { email: ada.email, password }

test('a browser signs in, has a session in an HttpOnly cookie, and signs out', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const cookies = await auth.signInBrowser(ada.email, password, address)
  const [setCookie] = cookies
  expect(setCookie).toMatch(/^carillon\.session_token=/)
  expect(setCookie).toContain('HttpOnly; SameSite=Lax')
  expect(setCookie).not.toContain('Secure')
  const cookie = cookiesOf(cookies)
  expect(await auth.identify(new Headers({ cookie }))).toMatchObject({ identity: { email: ada.email }, by: 'cookie' })
  const signOut = await auth.handle(authRequest('POST', '/sign-out', {}, { cookie }), address)
  expect(signOut.status).toBe(200)
  expect(await auth.identify(new Headers({ cookie }))).toBeNull()
})

test('with an https address the cookie is Secure', async () => {
  const secure = 'https://carillon.example.org'
  await using server = await startAuth({ baseUrl: secure })
  await server.auth.users.create(ada)
  const cookies = await server.auth.signInBrowser(ada.email, password, address)
  expect(cookies[0]).toMatch(/^__Secure-carillon\.session_token=.*; Secure/)
  expect(await server.auth.identify(new Headers({ cookie: cookiesOf(cookies) }))).toMatchObject({ by: 'cookie' })
})

test.each([
  ['POST', '/sign-in/email'],
  ['POST', '/sign-up/email'],
  ['POST', '/sign-in/social'],
  ['POST', '/change-email'],
  ['POST', '/update-user'],
  ['POST', '/update-session'],
  ['POST', '/admin/create-user'],
  ['GET', '/admin/list-users'],
  ['GET', '/list-sessions'],
  ['GET', '/token'],
  ['GET', '/get-session'],
  ['POST', '/get-session'],
  ['POST', '/two-factor/enable'],
  ['GET', '/passkey/list-user-passkeys'],
  ['POST', '/passkey/delete-passkey'],
  ['POST', '//sign-up/email'],
  ['POST', '/sign-in/../sign-up/email'],
  ['POST', '/sign-in/email%2f..%2f..%2fsign-up%2femail'],
] as const)('%s %s is not served', async (method, path) => {
  await using server = await startAuth()
  const body = { ...credentials, name: 'Eve', role: 'admin' }
  const answer = await server.auth.handle(authRequest(method, path, method === 'POST' ? body : undefined), address)
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ code: 'not_found' })
  expect((await server.auth.users.list()).items).toEqual([])
})

test('another site cannot sign anybody out', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const evil = { origin: 'https://evil.example' }
  const cookie = await browserSignedIn(auth)
  const signOut = await auth.handle(authRequest('POST', '/sign-out', {}, { cookie, ...evil }), address)
  expect(await signOut.json()).toMatchObject({ status: 403, code: 'wrong_origin' })
  expect(await auth.identify(new Headers({ cookie }))).toMatchObject({ by: 'cookie' })
})

test('localhost and 127.0.0.1 are the same site', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const origin = baseUrl.replace('127.0.0.1', 'localhost')
  const cookie = await browserSignedIn(server.auth)
  const answer = await server.auth.handle(authRequest('POST', '/sign-out', {}, { cookie, origin }), address)
  expect(answer.status).toBe(200)
})

test('requests from one address are limited, and the answer says when to come back', async () => {
  await using server = await startAuth({ limits: { requestsPerMinute: 2 } })
  const ask = (from: string) => server.auth.handle(authRequest('GET', '/ok'), from)
  expect((await ask(address)).status).toBe(200)
  expect((await ask(address)).status).toBe(200)
  const refused = await ask(address)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
  expect((await ask('198.51.100.1')).status).toBe(200)
})

test.each([
  ['GET', '/oauth2/token', 'POST'],
  ['POST', '/jwks', 'GET'],
] as const)('%s %s is told which method is right', async (method, path, allowed) => {
  await using server = await startAuth()
  const answer = await server.auth.handle(authRequest(method, path), address)
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe(allowed)
  expect(await answer.json()).toMatchObject({ code: 'method_not_allowed', detail: `Send a ${allowed} request.` })
})

test('the key set has public keys only', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  await server.auth.issueAccessToken(identity)
  const answer = await server.auth.handle(authRequest('GET', '/jwks'), address)
  const { keys } = (await answer.json()) as { keys: Record<string, string>[] }
  expect(keys).toHaveLength(1)
  expect(keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' })
  expect(keys[0]).not.toHaveProperty('d')
})
