import { expect, test, vi } from 'vitest'
import type { Auth } from './auth.ts'
import type { AuthError } from './auth-error.ts'
import {
  ada,
  address,
  anotherAdmin,
  bearer,
  browserSignedIn,
  fastPasswords,
  identityOf,
  operator,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'
import { passwordThreads } from './password-threads.ts'

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
  await using server = await startAuth({ passwords: undefined })
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

/** As many wrong attempts as are asked for; the codes they were refused with. */
async function guesses(auth: Auth, count: number, from = '203.0.113.9', email: string = ada.email) {
  const codes: string[] = []
  for (let n = 0; n < count; n++) {
    codes.push(
      await auth.signIn(email, 'wrong', from).then(
        () => 'signed in',
        (error: AuthError) => error.code,
      ),
    )
  }
  return codes
}

const wrong = (count: number) => Array.from({ length: count }, () => 'wrong_credentials')

test('after ten wrong passwords an account is locked for a minute, then for two, and for 15 at most', async () => {
  await using server = await startAuth()
  const { auth } = server
  const user = await auth.users.create(ada)
  for (const seconds of [60, 120, 240, 480, 900, 900]) {
    expect(await guesses(auth, 11)).toEqual([...wrong(10), 'rate_limited'])
    await expect(auth.signIn(ada.email, password, '203.0.113.10')).rejects.toMatchObject({ retryAfter: seconds })
    const view = (await auth.users.list()).items.find(({ id }) => id === user.id)
    expect(Date.parse(view?.lockedUntil ?? '') - server.clock()).toBeGreaterThan((seconds - 2) * 1000)
    server.forward(seconds)
  }
  expect((await auth.users.list()).items[0]?.lockedUntil).toBeNull()
  expect(await auth.signIn(ada.email, password, '203.0.113.10')).toHaveProperty('token')
})

test('two hundred guesses at the same time are looked at as often as ten are', async () => {
  let looked = 0
  const counting = {
    ...fastPasswords,
    async verify() {
      looked += 1
      return false
    },
  }
  await using server = await startAuth({ passwords: counting })
  await server.auth.users.create(ada)
  await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) => server.auth.signIn(ada.email, 'wrong', `203.0.113.${n}`)),
  )
  expect(looked).toBe(10)
})

test('whoever has signed in from there before is not locked out by others, nor for long by themselves', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const cookie = await browserSignedIn(auth)
  await auth.signIn(ada.email, password, '198.51.100.1')
  await guesses(auth, 20)
  await guesses(auth, 20, '203.0.113.77')
  // From the same address, and in the same browser wherever it is.
  expect(await auth.signIn(ada.email, password, '198.51.100.1')).toHaveProperty('token')
  const headers = new Headers({ cookie })
  expect(await auth.signInBrowser(ada.email, password, '203.0.113.9', { headers })).toHaveLength(2)
  await guesses(auth, 10, '198.51.100.1')
  await expect(auth.signIn(ada.email, password, '198.51.100.1')).rejects.toMatchObject({ retryAfter: 60 })
  expect(await auth.signInBrowser(ada.email, password, '198.51.100.1', { headers })).toHaveLength(2)
})

test('the cookie of a browser counts for the account that was signed in to in it and for no other', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  await anotherAdmin(auth)
  const cookie = await browserSignedIn(auth)
  const headers = new Headers({ cookie: cookie.replace(/known_device=[^;.]+/, 'known_device=another') })
  await guesses(auth, 10)
  await guesses(auth, 10, '203.0.113.9', 'grace@example.org')
  for (const [email, brought] of [
    [ada.email, headers],
    ['grace@example.org', new Headers({ cookie })],
  ] as const) {
    const signIn = auth.signInBrowser(email, password, '203.0.113.9', { headers: brought })
    await expect(signIn).rejects.toMatchObject({ code: 'rate_limited' })
  }
})

test('an account that does not exist is locked like one that does', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const answers = []
  for (const email of [ada.email, 'nobody@example.org']) {
    await guesses(auth, 10, '203.0.113.9', email)
    answers.push(
      await auth
        .signIn(email, 'wrong', '203.0.113.9')
        .catch((error: AuthError) => ({ ...error, message: error.message })),
    )
  }
  expect(answers[0]).toMatchObject({ code: 'rate_limited', retryAfter: 60 })
  expect(answers[1]).toEqual(answers[0])
})

test('locking account after account does not fill the record', async () => {
  const signIn = { attempts: 1, windowMs: 60_000, maxLockMs: 60_000, perAddress: 1000 }
  await using server = await startAuth({ limits: { signIn } })
  const { auth } = server
  for (let n = 0; n < 30; n++) await guesses(auth, 1, '203.0.113.9', `nobody-${n}@example.org`)
  const { items } = await auth.audit.list({ action: 'account_lock' }, { limit: 50, cursor: null })
  expect(items).toHaveLength(20)
  expect(items[0]).toMatchObject({ outcome: 'refused', code: 'rate_limited', target: { kind: 'unknown' } })
})

test('an administrator ends a lock', async () => {
  await using server = await startAuth()
  const { auth } = server
  const user = await auth.users.create(ada)
  await guesses(auth, 11)
  await auth.users.unlock(user.id, operator)
  expect((await auth.users.list()).items[0]?.lockedUntil).toBeNull()
  expect(await auth.signIn(ada.email, password, '203.0.113.9')).toHaveProperty('token')
  await expect(auth.users.unlock('nobody', operator)).rejects.toMatchObject({ code: 'not_found' })
})

test('who knows the password is not held back by earlier slips or by signing in often', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  await guesses(server.auth, 9, address)
  for (let times = 0; times < 15; times++) await server.auth.signIn(ada.email, password, address)
})

test('guesses at many accounts from one address are slowed down, and an IPv6 site is one address', async () => {
  const few = { attempts: 10, windowMs: 900_000, maxLockMs: 900_000, perAddress: 3 }
  await using server = await startAuth({ limits: { signIn: few } })
  const guess = (n: number) => server.auth.signIn(`u${n}@example.org`, 'wrong', `2001:db8:0:1::${n}`)
  for (const n of [1, 2, 3]) await expect(guess(n)).rejects.toMatchObject({ code: 'wrong_credentials' })
  await expect(guess(4)).rejects.toMatchObject({ code: 'rate_limited' })
})

test('signing in from a browser ends the session that the browser had', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const cookie = await browserSignedIn(auth)
  const before = await auth.identify(new Headers({ cookie }))
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  const fresh = await browserSignedIn(auth, cookie)
  expect(await auth.identify(new Headers({ cookie }))).toBeNull()
  expect(revoked).toEqual([
    { kind: 'session', sessionId: before?.identity.kind === 'user' && before.identity.sessionId },
  ])
  expect(await auth.identify(new Headers({ cookie: fresh }))).toMatchObject({ by: 'cookie' })
})

test('a program that signs in with its token gets another, and the one it had is over', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  const next = await server.auth.signIn(ada.email, password, address, { headers: bearer(token) })
  expect(await server.auth.identify(bearer(next.token))).toMatchObject({ by: 'bearer' })
  await expect(server.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('a wrong attempt leaves the session of the browser alone', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const cookie = await browserSignedIn(server.auth)
  await server.auth.signInBrowser(ada.email, 'wrong', address, { headers: new Headers({ cookie }) }).catch(() => {})
  expect(await server.auth.identify(new Headers({ cookie }))).toMatchObject({ by: 'cookie' })
})

test('signing in as a program leaves the sessions of other programs alone', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  await server.auth.signIn(ada.email, password, address)
  expect(await server.auth.identify(bearer(token))).toMatchObject({ by: 'bearer' })
})

test('when too many passwords are being worked on, the next one is asked to return', async () => {
  const line = passwordThreads * 33
  const ends: (() => void)[] = []
  const slow = { ...fastPasswords, verify: () => new Promise<boolean>((resolve) => ends.push(() => resolve(true))) }
  const generous = { attempts: 100, windowMs: 900_000, maxLockMs: 900_000, perAddress: 1000 }
  await using server = await startAuth({ passwords: slow, limits: { signIn: generous } })
  const { auth } = server
  await auth.users.create(ada)
  const refused: unknown[] = []
  const all = Array.from({ length: line + 4 }, () => auth.signIn(ada.email, password, address))
  for (const attempt of all) attempt.catch((error) => refused.push(error))
  await vi.waitFor(() => expect(refused).toHaveLength(4))
  expect(refused[0]).toMatchObject({ code: 'rate_limited', retryAfter: 10 })
  expect(ends).toHaveLength(passwordThreads)
  for (let next = 0; next < line; next++) {
    await vi.waitFor(() => expect(ends.length).toBeGreaterThan(next))
    ends[next]?.()
  }
  const outcomes = await Promise.allSettled(all)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(line)
})
