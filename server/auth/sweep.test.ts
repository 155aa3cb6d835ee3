import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { address, enrolled, kiosk, operator, signedIn, startAuth } from './auth-fixture.ts'

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
