import { expect, test } from 'vitest'
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
