import { expect, test } from 'vitest'
import type { Auth } from './auth.ts'
import { bearer, enrolled, identityOf, startAuth } from './auth-fixture.ts'

const day = 24 * 3600

async function deviceOf(auth: Auth, token: string) {
  const identity = await identityOf(auth, token)
  if (identity.kind !== 'device') throw new Error('no device')
  return identity
}

const view = async (auth: Auth) => (await auth.devices.list())[0]
const refused = { code: 'invalid_token' }

test('a device that is told so takes a new credential, and the old one ends when that is first used', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token, device } = await enrolled(auth)
  const before = await view(auth)
  expect([await deviceOf(auth, token), before]).toMatchObject([{ device }, { rotating: false }])
  const revoked: unknown[] = []
  auth.onRevoked((news) => revoked.push(news))
  await auth.devices.rotate(device.id)
  const told = await deviceOf(auth, token)
  expect(told.device).toEqual({ ...device, rotate: true })
  expect(revoked).toEqual([{ kind: 'user', userId: told.userId, changed: true }])
  expect(await view(auth)).toMatchObject({ rotating: true })

  const next = await auth.devices.newCredential(told, 'file')
  expect(await deviceOf(auth, token)).toMatchObject({ userId: told.userId })
  server.forward(5)
  const renewed = await deviceOf(auth, next.token)
  expect(renewed).toMatchObject({ userId: told.userId, device })
  await expect(auth.identify(bearer(token))).rejects.toMatchObject(refused)
  expect(revoked).toContainEqual({ kind: 'session', sessionId: told.sessionId })
  const after = await view(auth)
  expect(after).toMatchObject({ rotating: false, storage: 'file' })
  expect(Date.parse(after?.credentialSince ?? '')).toBeGreaterThan(Date.parse(before?.credentialSince ?? ''))
  expect((await deviceOf(auth, next.token)).device).toEqual(device)
})

test('a device that loses power before it has kept the new one asks again with the old, and one of them is enough', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token } = await enrolled(auth)
  const lost = await auth.devices.newCredential(await deviceOf(auth, token))
  const kept = await auth.devices.newCredential(await deviceOf(auth, token))
  await expect(auth.identify(bearer(lost.token))).rejects.toMatchObject(refused)
  expect(await deviceOf(auth, token)).toMatchObject({ kind: 'device' })
  expect(await deviceOf(auth, kept.token)).toMatchObject({ kind: 'device' })
  await expect(auth.identify(bearer(token))).rejects.toMatchObject(refused)
  expect(await server.database.all('select id from session')).toHaveLength(1)
})

test('two first uses at the same time are one', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token } = await enrolled(auth)
  const next = await auth.devices.newCredential(await deviceOf(auth, token))
  const both = await Promise.all([deviceOf(auth, next.token), deviceOf(auth, next.token)])
  expect(both).toHaveLength(2)
  const { items } = await auth.audit.list({ action: 'device_credential' }, { limit: 10, cursor: null })
  expect(items).toHaveLength(1)
})

test('a credential that is a month old is to be changed without anybody saying so', async () => {
  await using server = await startAuth({ rotateDevicesAfter: 30 * day })
  const { auth } = server
  const { token } = await enrolled(auth)
  server.forward(30 * day - 60)
  expect((await deviceOf(auth, token)).device).not.toHaveProperty('rotate')
  server.forward(60)
  expect((await deviceOf(auth, token)).device).toHaveProperty('rotate', true)
  expect(await view(auth)).toMatchObject({ rotating: true })
  const next = await auth.devices.newCredential(await deviceOf(auth, token))
  expect((await deviceOf(auth, next.token)).device).not.toHaveProperty('rotate')
  expect(await view(auth)).toMatchObject({ rotating: false })
})

test('a removed device is out with both of its credentials', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token, device } = await enrolled(auth)
  const next = await auth.devices.newCredential(await deviceOf(auth, token))
  await auth.devices.remove(device.id)
  for (const each of [token, next.token]) await expect(auth.identify(bearer(each))).rejects.toMatchObject(refused)
  await expect(auth.devices.rotate(device.id)).rejects.toMatchObject({ code: 'unknown_device' })
})

test('what a device says of where it keeps its credential is shown', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { device } = await enrolled(auth)
  expect(await view(auth)).toMatchObject({ storage: null })
  await auth.devices.report(device.id, { storage: 'memory' })
  expect(await view(auth)).toMatchObject({ storage: 'memory' })
})
