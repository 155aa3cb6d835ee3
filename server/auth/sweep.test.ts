import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sessionSettings } from '#server/config/sign-ins.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { address, browserSignedIn, enrolled, kiosk, operator, signedIn, startAuth } from './auth-fixture.ts'

const day = 24 * 3600

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** Starts a round; what it does is waited for by whoever expects it. */
async function aMinuteLater() {
  await vi.advanceTimersByTimeAsync(60_000)
}

test('sessions that time has ended are told of, so that their sockets close', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  await enrolled(server.auth)
  const revoked = vi.fn()
  server.auth.onRevoked(revoked)
  await aMinuteLater()
  expect(revoked).not.toHaveBeenCalled()
  server.forward(90 * day + 1)
  await aMinuteLater()
  await vi.waitFor(() => expect(revoked).toHaveBeenCalled())
  expect(revoked.mock.calls).toEqual([[{ kind: 'session', sessionId: identity.kind === 'user' && identity.sessionId }]])
  expect(await server.database.get('select count(*) as n from session')).toEqual({ n: 1 })
})

test('sockets of those who must have a second factor by now close, once', async () => {
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 7 * day * 1000 } })
  const { user } = await signedIn(server.auth)
  const revoked = vi.fn()
  server.auth.onRevoked(revoked)
  server.forward(7 * day - 60)
  await aMinuteLater()
  server.forward(120)
  await aMinuteLater()
  await vi.waitFor(() => expect(revoked).toHaveBeenCalled())
  server.forward(60)
  await aMinuteLater()
  expect(revoked.mock.calls).toEqual([[{ kind: 'user', userId: user.id }]])
})

test('so are those that are over by the settings of today, as if they had begun under them', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  const before = await startAuth({ path })
  await signedIn(before.auth)
  await browserSignedIn(before.auth)
  await enrolled(before.auth)
  await before[Symbol.asyncDispose]()
  const session = sessionSettings.parse({ idle: '1h', program_idle: '2h' })
  await using server = await startAuth({ path, session })
  const left = async () => (await server.database.all('select id from session')).length
  for (const [hours, sessions] of [
    [0.5, 3],
    [0.6, 2],
    [1, 1],
  ] as const) {
    server.forward(hours * 3600)
    await aMinuteLater()
    await vi.waitFor(async () => expect(await left()).toBe(sessions))
  }
})

test('a device that never came for its session is removed, and its name is free', async () => {
  await using server = await startAuth()
  const { enrolments, devices } = server.auth
  const kept = await enrolled(server.auth, 'lobby-2')
  const { user_code } = await enrolments.start(kiosk, address)
  await enrolments.approve(user_code, 'lobby-1', operator)
  server.forward(601)
  await aMinuteLater()
  await vi.waitFor(async () => expect((await devices.list()).map(({ id }) => id)).toEqual([kept.device.id]))
})

test('codes are forgotten an hour after they expired', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { user_code } = await enrolments.start(kiosk, address)
  server.forward(601)
  await aMinuteLater()
  await expect(enrolments.view(user_code, operator)).rejects.toMatchObject({ code: 'expired_code' })
  server.forward(3600)
  await aMinuteLater()
  await vi.waitFor(() => expect(enrolments.view(user_code, operator)).rejects.toMatchObject({ code: 'unknown_code' }))
})
