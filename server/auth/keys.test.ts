import { expect, test } from 'vitest'
import { anotherAdmin, operator, signedIn, startAuth } from './auth-fixture.ts'
import { keyRefusal } from './keys.ts'

const presenting = (key: string) => new Headers({ 'x-api-key': key })

test('a key is shown once and kept as a hash', async () => {
  await using server = await startAuth()
  const { key, ...view } = await server.auth.keys.create('weather', ['publish', 'publish'], operator)
  expect(key).toMatch(/^crl_[\w-]{43}$/)
  expect(view).toEqual({
    id: expect.any(String),
    name: 'weather',
    start: key.slice(0, 10),
    scopes: ['publish'],
    owner: { id: 'local', name: 'server command line' },
    expiresAt: null,
    createdAt: expect.stringMatching(/Z$/),
    lastUsedAt: null,
  })
  expect((await server.auth.keys.list()).items).toEqual([view])
  expect(JSON.stringify(await server.database.all('select * from api_keys'))).not.toContain(key)
})

test.each([
  [['publish'], 'operator'],
  [['subscribe'], 'viewer'],
  [['devices', 'subscribe'], 'operator'],
  [['admin'], 'admin'],
] as const)('a key with the scopes %s has the role %s', async (scopes, role) => {
  await using server = await startAuth()
  const { key } = await server.auth.keys.create('service', scopes, operator)
  expect(await server.auth.identify(presenting(key))).toMatchObject({ by: 'key', identity: { role, scopes } })
})

test('a revoked key stops working at once and its sockets are told', async () => {
  await using server = await startAuth()
  const { key, id } = await server.auth.keys.create('weather', ['publish'], operator)
  const found = await server.auth.identify(presenting(key))
  const revoked: unknown[] = []
  server.auth.onRevoked((news) => revoked.push(news))
  await server.auth.keys.revoke(id)
  expect(revoked).toEqual([{ kind: 'user', userId: found?.identity.userId }])
  await expect(server.auth.identify(presenting(key))).rejects.toMatchObject({ code: 'invalid_token' })
  await expect(server.auth.keys.revoke(id)).rejects.toMatchObject({ code: 'not_found' })
  expect((await server.auth.keys.list()).items).toEqual([])
  expect(await server.database.all('select * from "user"')).toEqual([])
})

test('what is not a key of ours is refused', async () => {
  await using server = await startAuth()
  const { key } = await server.auth.keys.create('weather', ['publish'], operator)
  for (const wrong of ['', 'crl_', `${key}x`, key.slice(4), key.toLowerCase()]) {
    await expect(server.auth.identify(presenting(wrong))).rejects.toMatchObject({ code: 'invalid_token' })
  }
})

test('a key of a disabled service is refused', async () => {
  await using server = await startAuth()
  const { key } = await server.auth.keys.create('weather', ['publish'], operator)
  await server.database.run('update "user" set banned = true')
  await expect(server.auth.identify(presenting(key))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('the last use is remembered to the minute, without a write for every use', async () => {
  await using server = await startAuth()
  const { key } = await server.auth.keys.create('weather', ['publish'], operator)
  const lastUsed = async () => (await server.auth.keys.list()).items[0]?.lastUsedAt ?? null
  await server.auth.identify(presenting(key))
  const first = await lastUsed()
  expect(first).not.toBeNull()
  server.forward(30)
  await server.auth.identify(presenting(key))
  expect(await lastUsed()).toBe(first)
  server.forward(31)
  await server.auth.identify(presenting(key))
  expect(Date.parse((await lastUsed()) ?? '')).toBeGreaterThan(Date.parse(first ?? '') + 60_000)
})

test('a key stops with the account of whoever made it, and its sockets are told', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  await anotherAdmin(auth)
  const { key } = await auth.keys.create('weather', ['publish'], identity)
  const service = (await auth.identify(presenting(key)))?.identity
  expect((await auth.keys.list()).items).toMatchObject([{ owner: { id: user.id, name: 'Ada' } }])
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  await auth.users.setDisabled(user.id, true)
  expect(revoked).toContainEqual({ kind: 'user', userId: service?.userId })
  await expect(auth.identify(presenting(key))).rejects.toMatchObject({
    ...{ code: 'invalid_token', message: expect.stringMatching(/whoever made this API key is disabled/) },
  })
  if (service) expect(await auth.current(service)).toBeNull()
  await auth.users.setDisabled(user.id, false)
  expect(await auth.identify(presenting(key))).toMatchObject({ by: 'key' })

  revoked.length = 0
  await auth.users.remove(user.id)
  expect(revoked).toContainEqual({ kind: 'user', userId: service?.userId })
  await expect(auth.identify(presenting(key))).rejects.toMatchObject({ code: 'invalid_token' })
  expect((await auth.keys.list()).items).toEqual([])
})

test('a key works as long as the role of its owner lets them make it', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  await anotherAdmin(auth)
  const keys = {
    admin: await auth.keys.create('admin', ['admin'], identity),
    metrics: await auth.keys.create('metrics', ['metrics'], identity),
    publish: await auth.keys.create('publish', ['publish'], identity),
    subscribe: await auth.keys.create('subscribe', ['subscribe'], identity),
  }
  const working = async () => {
    const names: string[] = []
    for (const [name, { key }] of Object.entries(keys)) {
      if (await auth.identify(presenting(key)).catch(() => null)) names.push(name)
    }
    return names
  }
  expect(await working()).toEqual(['admin', 'metrics', 'publish', 'subscribe'])
  await auth.users.update(user.id, { role: 'operator' })
  expect(await working()).toEqual(['publish', 'subscribe'])
  await auth.users.update(user.id, { role: 'viewer' })
  expect(await working()).toEqual(['subscribe'])
  await auth.users.update(user.id, { role: 'admin' })
  expect(await working()).toEqual(['admin', 'metrics', 'publish', 'subscribe'])
})

test('a key that a key has made belongs to whoever made that one', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  const first = await auth.keys.create('first', ['admin'], identity)
  const found = await auth.identify(presenting(first.key))
  if (found === null) throw new Error('nobody')
  const second = await auth.keys.create('second', ['publish'], found.identity)
  expect(second.owner).toEqual({ id: user.id, name: 'Ada' })
  await auth.keys.revoke(first.id)
  expect(await auth.identify(presenting(second.key))).toMatchObject({ by: 'key' })
})

test('a key ends at the instant it was given, and says so', async () => {
  await using server = await startAuth()
  const { auth } = server
  const expiresAt = new Date(server.clock() + 60_000).toISOString()
  const { key, ...view } = await auth.keys.create('weather', ['publish'], operator, expiresAt)
  expect(view).toMatchObject({ expiresAt })
  const found = await auth.identify(presenting(key))
  expect(found).toMatchObject({ identity: { kind: 'key', expiresAt } })
  const ticket = found && (await auth.tickets.issue(found.identity)).ticket
  server.forward(60)
  await expect(auth.identify(presenting(key))).rejects.toMatchObject({
    ...{ code: 'invalid_token', message: expect.stringMatching(/expired/) },
  })
  expect(await auth.tickets.redeem(ticket ?? '')).toBeNull()
  const past = new Date(server.clock() - 1000).toISOString()
  await expect(auth.keys.create('late', ['publish'], operator, past)).rejects.toMatchObject({ code: 'bad_request' })
})

test("keys are listed in pages, all or one owner's, and an owner revokes no others", async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  for (const name of ['a', 'b', 'c']) await auth.keys.create(name, ['publish'], name === 'b' ? operator : identity)
  const first = await auth.keys.list({ limit: 2 })
  const second = await auth.keys.list({ limit: 2, cursor: first.next })
  expect([first, second].map(({ items }) => items.length)).toEqual([2, 1])
  expect(second.next).toBeNull()
  expect([...first.items, ...second.items].map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c'])
  expect((await auth.keys.list({ ownerId: user.id })).items.map(({ name }) => name).toSorted()).toEqual(['a', 'c'])
  await expect(auth.keys.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'bad_request' })
  const theirs = [...first.items, ...second.items].find(({ name }) => name === 'b')
  await expect(auth.keys.revoke(theirs?.id ?? '', user.id)).rejects.toMatchObject({ code: 'not_found' })
})

test.each([
  ['viewer', ['subscribe'], true],
  ['viewer', ['publish'], false],
  ['operator', ['publish', 'subscribe'], true],
  ['operator', ['devices'], false],
  ['operator', ['publish', 'admin'], false],
  ['admin', ['admin', 'metrics'], true],
] as const)('a %s makes a key with %j: %s', (role, scopes, allowed) => {
  expect(keyRefusal(role, scopes) === null).toBe(allowed)
})
