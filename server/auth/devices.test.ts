import { expect, test } from 'vitest'
import { bearer, enrolled, identityOf, startAuth } from './auth-fixture.ts'

test('a removed device is signed out at once, its sockets are told, and its name is free', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token, device } = await enrolled(auth, 'lobby-1')
  const identity = await identityOf(auth, token)
  const access = await auth.issueAccessToken(identity)
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  await auth.devices.remove(device.id)
  expect(revoked).toContainEqual({ kind: 'session', sessionId: identity.kind === 'device' && identity.sessionId })
  expect(revoked).toContainEqual({ kind: 'user', userId: identity.userId })
  await expect(auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await auth.verifyAccessToken(access.token)).toMatchObject({ ok: false, reason: 'invalid' })
  expect(await auth.devices.list()).toEqual([])
  expect(await server.database.all('select * from "user"')).toEqual([])
  expect((await enrolled(auth, 'lobby-1')).device.id).not.toBe(device.id)
})

test('an unknown device cannot be removed', async () => {
  await using server = await startAuth()
  await expect(server.auth.devices.remove('nothing')).rejects.toMatchObject({ code: 'unknown_device' })
})

test('a device is remembered as connected when it was', async () => {
  await using server = await startAuth()
  const { device } = await enrolled(server.auth)
  await server.auth.devices.touch(device.id, 1_700_000_000_000)
  const [record] = await server.auth.devices.list()
  expect(record?.lastSeenAt).toBe('2023-11-14T22:13:20.000Z')
  await server.auth.devices.touch('gone in the meantime', 0)
})

test('devices are listed by name', async () => {
  await using server = await startAuth()
  for (const name of ['lobby-2', 'attic', 'lobby-1']) await enrolled(server.auth, name)
  expect((await server.auth.devices.list()).map(({ name }) => name)).toEqual(['attic', 'lobby-1', 'lobby-2'])
})
