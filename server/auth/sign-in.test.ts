import { expect, test, vi } from 'vitest'
import {
  ada,
  address,
  anotherAdmin,
  authRequest,
  bearer,
  cookiesOf,
  fastPasswords,
  identityOf,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'
import { scryptPasswords } from './passwords.ts'

test('e-mail and password answer a bearer token that says until when it lasts', async () => {
  await using server = await startAuth()
  const user = await server.auth.users.create(ada)
  const { token, expiresAt } = await server.auth.signIn('ADA@example.org', password, address)
  expect(Date.parse(expiresAt)).toBeGreaterThan(server.clock() + 6.9 * 24 * 3600 * 1000)
  expect(await identityOf(server.auth, token)).toEqual({
    kind: 'user',
    userId: user.id,
    sessionId: expect.any(String),
    name: 'Ada',
    email: 'ada@example.org',
    role: 'admin',
  })
})

test('passwords are kept as scrypt unless the server is told otherwise', async () => {
  await using server = await startAuth({ passwords: scryptPasswords })
  await server.auth.users.create(ada)
  const stored = await server.database.get<{ password: string }>('select password from account')
  expect(stored?.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
  await expect(server.auth.signIn(ada.email, 'wrong horse battery', address)).rejects.toMatchObject({
    code: 'wrong_credentials',
  })
  expect(await server.auth.signIn(ada.email, password, address)).toHaveProperty('token')
})

test('an unknown account and a wrong password are answered alike and cost the same', async () => {
  let hashed = 0
  const counting = {
    hash(given: string) {
      hashed += 1
      return fastPasswords.hash(given)
    },
    verify(attempt: { hash: string; password: string }) {
      hashed += 1
      return fastPasswords.verify(attempt)
    },
  }
  await using server = await startAuth({ passwords: counting })
  await server.auth.users.create(ada)
  const outcomes = []
  for (const email of [ada.email, 'nobody@example.org']) {
    hashed = 0
    const error = await server.auth.signIn(email, 'wrong horse battery', address).catch((e: unknown) => e)
    outcomes.push({ ...(error as object), message: (error as Error).message, hashed })
  }
  expect(outcomes[0]).toMatchObject({ code: 'wrong_credentials', hashed: 1 })
  expect(outcomes[1]).toEqual(outcomes[0])
})

test.each([
  ['no e-mail address', 'ada', password],
  ['a password longer than any', ada.email, 'x'.repeat(200)],
  ['an empty password', ada.email, ''],
])('%s is a wrong credential like any other', async (_, email, given) => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  await expect(server.auth.signIn(email, given, address)).rejects.toMatchObject({ code: 'wrong_credentials' })
})

test('a disabled account is told so only after the right password', async () => {
  await using server = await startAuth()
  const { user } = await signedIn(server.auth)
  await anotherAdmin(server.auth)
  await server.auth.users.setDisabled(user.id, true)
  await expect(server.auth.signIn(ada.email, password, address)).rejects.toMatchObject({ code: 'account_disabled' })
  await expect(server.auth.signIn(ada.email, 'wrong', address)).rejects.toMatchObject({ code: 'wrong_credentials' })
  await server.auth.users.setDisabled(user.id, false)
  expect(await server.auth.signIn(ada.email, password, address)).toHaveProperty('token')
})

test('guesses at one account are slowed down, over HTTP and in process together', async () => {
  await using server = await startAuth({
    limits: { signIn: { perAccountAndAddress: 3, perAddress: 100, perAccount: 100 } },
  })
  const { auth } = server
  await auth.users.create(ada)
  const wrong = () => auth.signIn(ada.email, 'wrong', address)
  await expect(wrong()).rejects.toMatchObject({ code: 'wrong_credentials' })
  await auth.handle(authRequest('POST', '/sign-in/email', { email: ada.email, password: 'wrong' }), address)
  await expect(wrong()).rejects.toMatchObject({ code: 'wrong_credentials' })
  await expect(wrong()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 60 })

  const body = { email: ada.email, password }
  const refused = await auth.handle(authRequest('POST', '/sign-in/email', body), address)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', status: 429 })

  expect(await auth.signIn(ada.email, password, '198.51.100.1')).toHaveProperty('token')
  server.forward(61)
  expect(await auth.signIn(ada.email, password, address)).toHaveProperty('token')
})

test('who knows the password is not held back by earlier slips or by signing in often', async () => {
  await using server = await startAuth({
    limits: { signIn: { perAccountAndAddress: 3, perAddress: 100, perAccount: 100 } },
  })
  await server.auth.users.create(ada)
  await server.auth.signIn(ada.email, 'slip', address).catch(() => {})
  for (let times = 0; times < 8; times++) await server.auth.signIn(ada.email, password, address)
})

test('guesses at many accounts from one address are slowed down, and an IPv6 site is one address', async () => {
  await using server = await startAuth({
    limits: { signIn: { perAccountAndAddress: 10, perAddress: 3, perAccount: 100 } },
  })
  const guess = (n: number) => server.auth.signIn(`u${n}@example.org`, 'wrong', `2001:db8:0:1::${n}`)
  for (const n of [1, 2, 3]) await expect(guess(n)).rejects.toMatchObject({ code: 'wrong_credentials' })
  await expect(guess(4)).rejects.toMatchObject({ code: 'rate_limited' })
})

test('guesses at one account from many addresses are slowed down', async () => {
  await using server = await startAuth({
    limits: { signIn: { perAccountAndAddress: 10, perAddress: 100, perAccount: 3 } },
  })
  await server.auth.users.create(ada)
  const guess = (n: number) => server.auth.signIn(ada.email, 'wrong', `192.0.2.${n}`)
  for (const n of [1, 2, 3]) await expect(guess(n)).rejects.toMatchObject({ code: 'wrong_credentials' })
  await expect(guess(4)).rejects.toMatchObject({ code: 'rate_limited' })
})

test('signing in from a browser ends the session that the browser had', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const body = { email: ada.email, password }
  const first = await auth.handle(authRequest('POST', '/sign-in/email', body), address)
  const cookie = cookiesOf(first.headers.getSetCookie())
  const before = await auth.identify(new Headers({ cookie }))
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  const second = await auth.handle(authRequest('POST', '/sign-in/email', body, { cookie }), address)
  expect(second.status).toBe(200)
  expect(await auth.identify(new Headers({ cookie }))).toBeNull()
  expect(revoked).toEqual([
    { kind: 'session', sessionId: before?.identity.kind === 'user' && before.identity.sessionId },
  ])
  const fresh = cookiesOf(second.headers.getSetCookie())
  expect(await auth.identify(new Headers({ cookie: fresh }))).toMatchObject({ by: 'cookie' })
})

test('signing in as a program leaves the sessions of other programs alone', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  await server.auth.signIn(ada.email, password, address)
  expect(await server.auth.identify(bearer(token))).toMatchObject({ by: 'bearer' })
})

test('when too many passwords are being worked on, the next one is asked to return', async () => {
  const ends: (() => void)[] = []
  const slow = { ...fastPasswords, verify: () => new Promise<boolean>((resolve) => ends.push(() => resolve(true))) }
  const generous = { perAccountAndAddress: 1000, perAddress: 1000, perAccount: 1000 }
  await using server = await startAuth({ passwords: slow, limits: { signIn: generous } })
  const { auth } = server
  await auth.users.create(ada)
  const refused: unknown[] = []
  const all = Array.from({ length: 70 }, () => auth.signIn(ada.email, password, address))
  for (const attempt of all) attempt.catch((error) => refused.push(error))
  // Of 70 two are worked on and 64 wait.
  await vi.waitFor(() => expect(refused).toHaveLength(4))
  expect(refused[0]).toMatchObject({ code: 'rate_limited' })
  expect(ends).toHaveLength(2)
  const busy = await auth.handle(authRequest('POST', '/sign-in/email', { email: ada.email, password }), address)
  expect(await busy.json()).toMatchObject({ status: 429, code: 'rate_limited' })
  expect(busy.headers.get('retry-after')).toBe('10')
  for (let next = 0; next < 66; next++) {
    await vi.waitFor(() => expect(ends.length).toBeGreaterThan(next))
    ends[next]?.()
  }
  const outcomes = await Promise.allSettled(all)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(66)
})
