import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import type { Revocation } from './revocation.ts'
import type { SessionLifetimes } from './session-lifetimes.ts'
import { signSessionToken } from './session-token.ts'

/** Whether a device is to take a new credential: it was told to, or the present one is old. */
export function isRotationDue(row: RotationRow, rotateAfterMs: number, now: number): boolean {
  return row.rotating_since !== null || rotationDueAt(row, rotateAfterMs) <= now
}

/** From when the present credential is old. Milliseconds since 1970. */
export function rotationDueAt({ credential_since }: RotationRow, rotateAfterMs: number): number {
  if (rotateAfterMs === 0 || credential_since === null) return Number.POSITIVE_INFINITY
  return Date.parse(credential_since) + rotateAfterMs
}

interface RotationRow {
  readonly rotating_since: string | null
  readonly credential_since: string | null
}

export interface DeviceRotationParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly lifetimes: SessionLifetimes
  readonly revocation: Revocation
  readonly audit: Audit
  readonly secret: string
  readonly clock: () => number
}

type DeviceIdentity = Extract<Identity, { kind: 'device' }>

/**
 * How a device changes its credential. It asks with the one it has, keeps the new one, and goes on with that: the first use
 * of the new one ends the one before. Until then both hold, so that a device which loses power at any moment in between
 * comes back with what it has kept.
 */
export interface DeviceRotation {
  readonly public: Pick<Auth['devices'], 'rotate' | 'newCredential'>
  /** The new credential of this device has been used. Answers who it is from then on. */
  takeOver(identity: DeviceIdentity): Promise<DeviceIdentity>
}

export function createDeviceRotation(parts: DeviceRotationParts): DeviceRotation {
  const { database, betterAuth, lifetimes, revocation, audit, secret, clock } = parts

  return {
    public: {
      async rotate(id) {
        const device = await database.get<Row>('select user_id, name from devices where id = ?', id)
        if (device === undefined) throw unknownDevice()
        await database.run('update devices set rotating_since = ? where id = ?', new Date(clock()).toISOString(), id)
        await audit.record({ action: 'device_rotate', target: { kind: 'device', id, name: device.name } })
        // It comes back, and asks how it stands then.
        revocation.publish({ kind: 'user', userId: device.user_id, changed: true })
      },
      async newCredential({ userId, device }, storage) {
        const { internalAdapter } = await betterAuth.$context
        const expiresAt = new Date(clock() + lifetimes.device.idleMs)
        const session = await internalAdapter.createSession(userId, false, { expiresAt, kind: 'device' }, true)
        const before = await database.transaction(async (rows) => {
          const row = await rows.get<{ next_session_id: string | null }>(
            'select next_session_id from devices where id = ?',
            device.id,
          )
          await rows.run(
            'update devices set next_session_id = ?, storage = coalesce(?, storage) where id = ?',
            session.id,
            storage ?? null,
            device.id,
          )
          return row?.next_session_id ?? null
        })
        // Of an earlier time it asked, when it did not get so far as to use it.
        if (before !== null) await endSessions(`select token from session where id = ?`, before)
        return { token: signSessionToken(session.token, secret), expiresAt: expiresAt.toISOString() }
      },
    },
    async takeOver(identity) {
      const { userId, sessionId, device } = identity
      // The one before first: should the server stop in between, the next use does it again.
      await endSessions('select token from session where "userId" = ? and id <> ?', userId, sessionId)
      const taken = await database.run(
        `update devices set next_session_id = null, rotating_since = null, credential_since = ?
         where id = ? and next_session_id = ?`,
        new Date(clock()).toISOString(),
        device.id,
        sessionId,
      )
      if (taken === 1) {
        const target = { kind: 'device', id: device.id, name: device.name } as const
        await audit.record({ action: 'device_credential', actor: identity, target })
      }
      return { ...identity, device: { id: device.id, name: device.name } }
    },
  }

  async function endSessions(query: string, ...values: readonly string[]): Promise<void> {
    const { internalAdapter } = await betterAuth.$context
    for (const { token } of await database.all<{ token: string }>(query, ...values)) {
      await internalAdapter.deleteSession(token)
    }
  }
}

interface Row {
  readonly user_id: string
  readonly name: string
}

export function unknownDevice(): AuthError {
  return new AuthError('unknown_device', 'There is no such device. List the devices to see which there are.')
}
