import { expect, test } from 'vitest'
import {
  ada,
  address,
  authRequest,
  baseUrl,
  bearer,
  cookiesOf,
  enrolled,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'

const credentials = { email: ada.email, password }

test('a browser signs in, has a session in an HttpOnly cookie, and signs out', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const signIn = await auth.handle(authRequest('POST', '/sign-in/email', credentials), address)
  const [setCookie] = signIn.headers.getSetCookie()
  expect(setCookie).toMatch(/^carillon\.session_token=/)
  expect(setCookie).toContain('HttpOnly; SameSite=Lax')
  expect(setCookie).not.toContain('Secure')
  const cookie = cookiesOf(signIn.headers.getSetCookie())
  const session = await auth.handle(authRequest('GET', '/get-session', undefined, { cookie }), address)
  expect(await session.json()).toMatchObject({ user: { email: ada.email }, session: { ipAddress: address } })
  const signOut = await auth.handle(authRequest('POST', '/sign-out', {}, { cookie }), address)
  expect(signOut.status).toBe(200)
  expect(await auth.identify(new Headers({ cookie }))).toBeNull()
})

test('what an HttpOnly cookie holds is nowhere else in an answer, so that a page cannot read it', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const signIn = await auth.handle(authRequest('POST', '/sign-in/email', credentials), address)
  const cookies = signIn.headers.getSetCookie()
  server.forward(3600)
  const session = authRequest('GET', '/get-session', undefined, { cookie: cookiesOf(cookies) })
  for (const answer of [signIn, await auth.handle(session, address)]) {
    expect(answer.status).toBe(200)
    const [, signature] = decodeURIComponent(cookiesOf(cookies)).split('.').slice(-2)
    const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie')
    expect(JSON.stringify([headers, await answer.text()])).not.toContain(signature)
  }
})

test('with an https address the cookie is Secure', async () => {
  const secure = 'https://carillon.example.org'
  await using server = await startAuth({ baseUrl: secure })
  await server.auth.users.create(ada)
  const request = new Request(`${secure}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: secure },
    body: JSON.stringify(credentials),
  })
  const cookies = (await server.auth.handle(request, address)).headers.getSetCookie()
  expect(cookies[0]).toMatch(/^__Secure-carillon\.session_token=.*; Secure/)
  expect(await server.auth.identify(new Headers({ cookie: cookiesOf(cookies) }))).toMatchObject({ by: 'cookie' })
})

test.each([
  ['POST', '/sign-up/email'],
  ['POST', '/sign-in/social'],
  ['POST', '/change-email'],
  ['POST', '/update-user'],
  ['POST', '/update-session'],
  ['POST', '/admin/create-user'],
  ['GET', '/admin/list-users'],
  ['GET', '/list-sessions'],
  ['GET', '/token'],
  ['POST', '/get-session'],
  ['POST', '/sign-in/email/'],
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

test('a wrong password is answered with a problem document', async () => {
  await using server = await startAuth()
  const answer = await server.auth.handle(authRequest('POST', '/sign-in/email', credentials), address)
  expect(answer.status).toBe(401)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(await answer.json()).toEqual({
    type: 'about:blank',
    title: 'Wrong e-mail or password',
    status: 401,
    code: 'wrong_credentials',
    detail: 'The e-mail address or the password is wrong. Try again.',
  })
})

test.each([
  ['no body', undefined],
  ['a body of another shape', { email: 1 }],
  ['no password', { email: ada.email }],
])('signing in with %s is a bad request', async (_, body) => {
  await using server = await startAuth()
  const answer = await server.auth.handle(authRequest('POST', '/sign-in/email', body), address)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 'bad_request' })
})

test('another site cannot sign anybody in or out', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const evil = { origin: 'https://evil.example' }
  const signIn = await auth.handle(authRequest('POST', '/sign-in/email', credentials, evil), address)
  expect(await signIn.json()).toMatchObject({ status: 403, code: 'wrong_origin' })
  const ours = await auth.handle(authRequest('POST', '/sign-in/email', credentials), address)
  const cookie = cookiesOf(ours.headers.getSetCookie())
  const signOut = await auth.handle(authRequest('POST', '/sign-out', {}, { cookie, ...evil }), address)
  expect(await signOut.json()).toMatchObject({ status: 403, code: 'wrong_origin' })
  expect(await auth.identify(new Headers({ cookie }))).toMatchObject({ by: 'cookie' })
})

test('localhost and 127.0.0.1 are the same site', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const origin = baseUrl.replace('127.0.0.1', 'localhost')
  const answer = await server.auth.handle(authRequest('POST', '/sign-in/email', credentials, { origin }), address)
  expect(answer.status).toBe(200)
})

test('the address of a caller is what the HTTP edge says, whatever the headers say', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const spoofed = { 'x-carillon-address': '203.0.113.9', 'x-forwarded-for': '203.0.113.9' }
  await server.auth.handle(authRequest('POST', '/sign-in/email', credentials, spoofed), address)
  expect(await server.database.all('select "ipAddress" from session')).toEqual([{ ipAddress: address }])
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

test('a device session keeps its length when it is read over HTTP', async () => {
  await using server = await startAuth()
  const { token } = await enrolled(server.auth)
  const answer = await server.auth.handle(
    authRequest('GET', '/get-session', undefined, { authorization: `Bearer ${token}` }),
    address,
  )
  const { session } = (await answer.json()) as { session: { expiresAt: string } }
  expect(Date.parse(session.expiresAt)).toBeGreaterThan(server.clock() + 399 * 24 * 3600 * 1000)
  expect(await server.auth.identify(bearer(token))).toMatchObject({ identity: { kind: 'device' } })
})
