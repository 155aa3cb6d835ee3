import { expect, test } from 'vitest'
import { ada, anotherAdmin, bearer, enrolled, operator, password, signedIn, startAuth } from './auth-fixture.ts'

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
  expect(await server.auth.users.list()).toEqual([created])
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
  expect(await server.auth.users.list()).toHaveLength(1)
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
  expect((await server.auth.users.list()).find(({ id }) => id === user.id)).toMatchObject({ disabled: true })
})

test('the last administrator who can sign in is not disabled, also when two disable each other', async () => {
  await using server = await startAuth()
  const { user } = await signedIn(server.auth)
  await expect(server.auth.users.setDisabled(user.id, true)).rejects.toMatchObject({ code: 'forbidden' })
  const other = await anotherAdmin(server.auth)
  const outcomes = await Promise.allSettled([user, other].map(({ id }) => server.auth.users.setDisabled(id, true)))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect((await server.auth.users.list()).filter(({ disabled }) => !disabled)).toHaveLength(1)
})

test('an unknown user cannot be disabled, nor a device in this way', async () => {
  await using server = await startAuth()
  const { token } = await enrolled(server.auth)
  const device = await server.auth.identify(bearer(token))
  for (const id of ['nobody', device?.identity.userId ?? '']) {
    await expect(server.auth.users.setDisabled(id, true)).rejects.toMatchObject({ code: 'not_found' })
  }
})
