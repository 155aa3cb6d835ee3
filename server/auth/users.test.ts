import { expect, test } from 'vitest'
import {
  ada,
  anotherAdmin,
  bearer,
  enrolled,
  identityOf,
  operator,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'

test('people are listed, and neither devices nor services are', async () => {
  await using server = await startAuth()
  const created = await server.auth.users.create(ada)
  await enrolled(server.auth)
  await server.auth.keys.create('weather', ['publish'], operator)
  expect(created).toEqual({
    id: expect.any(String),
    email: 'ada@example.org',
    name: 'Ada',
    role: 'admin',
    disabled: false,
    lockedUntil: null,
    secondFactor: 'none',
    lastSignInAt: null,
    createdAt: expect.stringMatching(/Z$/),
  })
  expect((await server.auth.users.list()).items).toEqual([created])
})

test('an e-mail address is taken whatever its case', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const again = { ...ada, email: 'ADA@Example.org' }
  await expect(server.auth.users.create(again)).rejects.toMatchObject({ code: 'already_exists' })
  expect(await server.database.get('select count(*) as n from account')).toEqual({ n: 1 })
})

test('of two people created at the same time with one address one is', async () => {
  await using server = await startAuth()
  const outcomes = await Promise.allSettled([server.auth.users.create(ada), server.auth.users.create(ada)])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'already_exists' } })
  expect((await server.auth.users.list()).items).toHaveLength(1)
})

test('disabling somebody ends all their sessions at once and tells of each', async () => {
  await using server = await startAuth()
  const { token, identity, user } = await signedIn(server.auth)
  const second = await server.auth.signIn(ada.email, password, '198.51.100.1')
  const revoked: unknown[] = []
  server.auth.onRevoked((news) => revoked.push(news))
  await anotherAdmin(server.auth)
  await server.auth.users.setDisabled(user.id, true)
  for (const ended of [token, second.token]) {
    await expect(server.auth.identify(bearer(ended))).rejects.toMatchObject({ code: 'invalid_token' })
  }
  expect(revoked).toContainEqual({ kind: 'user', userId: user.id })
  expect(revoked).toContainEqual({ kind: 'session', sessionId: identity.kind === 'user' && identity.sessionId })
  expect((await server.auth.users.list()).items.find(({ id }) => id === user.id)).toMatchObject({ disabled: true })
})

test('the last administrator who can sign in is not disabled, also when two disable each other', async () => {
  await using server = await startAuth()
  const { user } = await signedIn(server.auth)
  await expect(server.auth.users.setDisabled(user.id, true)).rejects.toMatchObject({ code: 'forbidden' })
  const other = await anotherAdmin(server.auth)
  const outcomes = await Promise.allSettled([user, other].map(({ id }) => server.auth.users.setDisabled(id, true)))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect((await server.auth.users.list()).items.filter(({ disabled }) => !disabled)).toHaveLength(1)
})

test('an unknown user cannot be disabled, nor a device in this way', async () => {
  await using server = await startAuth()
  const { token } = await enrolled(server.auth)
  const device = await server.auth.identify(bearer(token))
  for (const id of ['nobody', device?.identity.userId ?? '']) {
    await expect(server.auth.users.setDisabled(id, true)).rejects.toMatchObject({ code: 'not_found' })
  }
})

test('a role is changed at once, sockets may come back as what they are now, and the record tells of it', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token } = await signedIn(auth)
  await anotherAdmin(auth)
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  expect(await auth.users.update(user.id, { role: 'viewer', name: 'Ada L.' })).toMatchObject({ role: 'viewer' })
  expect(revoked).toContainEqual({ kind: 'user', userId: user.id, changed: true })
  expect(await identityOf(auth, token)).toMatchObject({ role: 'viewer', name: 'Ada L.' })
  const { items } = await auth.audit.list({ action: 'user_update' }, { limit: 10, cursor: null })
  expect(items).toMatchObject([{ details: { role: 'admin to viewer', name: 'Ada to Ada L.' } }])
  await expect(auth.users.update('nobody', { role: 'admin' })).rejects.toMatchObject({ code: 'not_found' })
})

test('the last administrator who can sign in is neither lowered nor removed, also when two do it to each other', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user } = await signedIn(auth)
  await expect(auth.users.update(user.id, { role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(auth.users.remove(user.id)).rejects.toMatchObject({ code: 'forbidden' })
  const other = await anotherAdmin(auth)
  const lowered = await Promise.allSettled([user, other].map(({ id }) => auth.users.update(id, { role: 'operator' })))
  expect(lowered.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const admins = (await auth.users.list()).items.filter(({ role, disabled }) => role === 'admin' && !disabled)
  expect(admins).toHaveLength(1)
})

test('somebody who is removed is out, and leaves nothing behind that opens a door', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token, identity } = await signedIn(auth)
  await anotherAdmin(auth)
  const access = await auth.issueAccessToken(identity)
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  await auth.users.remove(user.id)
  expect(revoked).toContainEqual({ kind: 'user', userId: user.id })
  await expect(auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await auth.verifyAccessToken(access.token)).toMatchObject({ ok: false })
  await expect(auth.signIn(ada.email, password, '192.0.2.7')).rejects.toMatchObject({ code: 'wrong_credentials' })
  for (const table of ['session', 'account', 'sign_ins']) {
    const column = table === 'sign_ins' ? 'user_id' : '"userId"'
    expect(await server.database.all(`select * from ${table} where ${column} = ?`, user.id), table).toEqual([])
  }
  await expect(auth.users.remove(user.id)).rejects.toMatchObject({ code: 'not_found' })
})

test('signing somebody out ends all their sessions and lets them sign in again', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, token } = await signedIn(auth)
  await auth.users.signOut(user.id)
  await expect(auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await auth.signIn(ada.email, password, '192.0.2.7')).toHaveProperty('token')
  await expect(auth.users.signOut('nobody')).rejects.toMatchObject({ code: 'not_found' })
})

test('people are found by a part of their name or address, in pages', async () => {
  await using server = await startAuth()
  const { auth } = server
  for (const name of ['Ada', 'Bob', 'Adam', '100%']) {
    await auth.users.create({ ...ada, name, email: `${name.toLowerCase().replace('%', 'p')}@example.org` })
  }
  const names = async (request: Parameters<typeof auth.users.list>[0]) =>
    (await auth.users.list(request)).items.map(({ name }) => name).toSorted()
  expect(await names({ query: 'ADA' })).toEqual(['Ada', 'Adam'])
  expect(await names({ query: 'bob@' })).toEqual(['Bob'])
  expect(await names({ query: '%' })).toEqual(['100%'])
  expect(await names({ query: "x' or '1'='1" })).toEqual([])
  const first = await auth.users.list({ limit: 3 })
  const rest = await auth.users.list({ limit: 3, cursor: first.next })
  expect([...first.items, ...rest.items].map(({ name }) => name).toSorted()).toEqual(['100%', 'Ada', 'Adam', 'Bob'])
  expect([first.next === null, rest.next]).toEqual([false, null])
})

test('when somebody last signed in is remembered, by whatever way they did', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user } = await signedIn(auth)
  const lastSignIn = async () => (await auth.users.list()).items.find(({ id }) => id === user.id)?.lastSignInAt ?? ''
  const first = await lastSignIn()
  expect(Date.parse(first)).not.toBeNaN()
  server.forward(3600)
  await auth.signIn(ada.email, 'not the password', '192.0.2.7').catch(() => {})
  expect(await lastSignIn()).toBe(first)
  await auth.signInBrowser(ada.email, password, '192.0.2.7')
  expect(Date.parse(await lastSignIn())).toBeGreaterThanOrEqual(Date.parse(first) + 3600_000)
})
