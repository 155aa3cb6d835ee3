import { expect, test } from 'vitest'
import { operator, startAuth } from './auth-fixture.ts'

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
    owner: { id: 'local', name: 'Olga' },
    expiresAt: null,
    createdAt: expect.stringMatching(/Z$/),
    lastUsedAt: null,
  })
  // Whoever is at the server's own machine is not in the records.
  expect(await server.auth.keys.list()).toEqual([{ ...view, owner: { id: 'local', name: 'local' } }])
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
  expect(await server.auth.keys.list()).toEqual([])
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
  const lastUsed = async () => (await server.auth.keys.list())[0]?.lastUsedAt ?? null
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
