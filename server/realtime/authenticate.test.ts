import { expect, test } from 'vitest'
import type { VerifiedConnection } from '#server/auth/auth.ts'
import type { Identity } from '#server/auth/identity.ts'
import { authenticate, verifyToken } from './authenticate.ts'
import type { Authenticator } from './realtime.ts'

const grant: Identity = {
  ...{
    kind: 'grant',
    userId: 'ada',
    grantId: 'g',
    name: 'Ada',
    role: 'viewer',
    scopes: ['subscribe'],
    expiresAt: 1_000,
  },
  client: { id: 'c', name: 'Dashboards' },
}
const local: Identity = { kind: 'local', userId: 'local', name: 'shell', role: 'admin' }
const authenticator: Authenticator = {
  verifyConnectionToken: async () => ({ ok: false, reason: 'invalid' }),
  verifySubscriptionToken: async () => ({ ok: false, reason: 'invalid' }),
  redeemTicket: async (ticket) => (ticket === 'tkt_grant' ? grant : null),
  current: async (identity) => identity,
}

test('a connection that an OAuth token stands behind ends with the token, however it was told of it', async () => {
  expect(await authenticate(authenticator, grant, undefined)).toMatchObject({ kind: 'identity', expiresAt: 1_000 })
  expect(await authenticate(authenticator, null, 'tkt_grant')).toMatchObject({ kind: 'identity', expiresAt: 1_000 })
  expect(await authenticate(authenticator, local, undefined)).toMatchObject({ kind: 'identity', expiresAt: null })
})

test('a connection is prolonged with a ticket too', async () => {
  expect(await verifyToken(authenticator, 'tkt_grant')).toMatchObject({ ok: true, identity: grant, expiresAt: 1_000 })
  expect(await verifyToken(authenticator, 'tkt_used')).toEqual({ ok: false, reason: 'expired' })
  expect(await verifyToken(authenticator, 'ey…')).toEqual({ ok: false, reason: 'invalid' })
})

/** What a client is told whose token is judged like this. */
function told(verified: Extract<VerifiedConnection, { ok: false }>) {
  return authenticate({ ...authenticator, verifyConnectionToken: async () => verified }, null, 'a.b.c')
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
