import { expect, test } from 'vitest'
import type { VerifiedConnection } from '#server/auth/auth.ts'
import { authenticate } from './authenticate.ts'
import type { Authenticator } from './realtime.ts'

/** What a client is told whose token is judged like this. */
function told(verified: Extract<VerifiedConnection, { ok: false }>) {
  const authenticator: Authenticator = {
    verifyConnectionToken: async () => verified,
    verifySubscriptionToken: () => expect.unreachable(),
    redeemTicket: () => expect.unreachable(),
    current: () => expect.unreachable(),
  }
  return authenticate(authenticator, null, 'a.b.c')
}

test('a token that has just ended is replaced by the client, and one that ended long ago says by whose clock', async () => {
  expect(await told({ ok: false, reason: 'expired', bySeconds: 5 })).toEqual({ kind: 'error', error: 'tokenExpired' })
  expect(await told({ ok: false, reason: 'expired', bySeconds: 3300 })).toEqual({
    ...{ kind: 'error', error: 'tokenExpired' },
    message: 'token expired 3300 s ago by the clock of the server',
  })
})

test('a token from the future ends the client with a reason that names the clocks, any other without one', async () => {
  expect(await told({ ok: false, reason: 'invalid', why: 'clock', bySeconds: 3600 })).toMatchObject({
    ...{ kind: 'close', why: 'clock' },
    reason: { code: 3500, reason: expect.stringMatching(/from the future.*clocks/) },
  })
  expect(await told({ ok: false, reason: 'invalid', why: 'bad signature' })).toMatchObject({
    ...{ kind: 'close', reason: { code: 3500, reason: 'invalid token' } },
  })
})
