import { randomUUID } from 'node:crypto'
import type { CredentialStorage } from '#protocol/devices.ts'
import { insertAccount, reservedEmail } from './accounts.ts'
import type { Audit } from './audit.ts'
import type { Auth, DeviceRecord } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import { type Database, isTaken, type Rows } from './database.ts'
import { type DeviceRotation, isRotationDue, unknownDevice } from './device-rotation.ts'
import type { Identity } from './identity.ts'

export interface DevicesParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly rotation: DeviceRotation['public']
  readonly rotateAfterMs: number
  readonly audit: Audit
  readonly clock: () => number
}

/** Kiosks and desktop installations with an identity of their own. */
export function createDevices(parts: DevicesParts): Auth['devices'] {
  const { database, betterAuth, audit, clock } = parts
  return {
    ...parts.rotation,
    async list() {
      const rows = await database.all<Row>('select * from devices order by name')
      return rows.map((row) => recordOf(row, parts.rotateAfterMs, clock()))
    },
    async find(id) {
      const row = await database.get<Row>('select * from devices where id = ?', id)
      if (row === undefined) throw unknownDevice()
      return recordOf(row, parts.rotateAfterMs, clock())
    },
    async remove(id) {
      const device = await database.get<Row>('select * from devices where id = ?', id)
      if (device === undefined) throw unknownDevice()
      const { internalAdapter } = await betterAuth.$context
      // Sessions first, each with its revocation; the device's row goes with the account.
      await internalAdapter.deleteUser(device.user_id)
      await audit.record({ action: 'device_remove', target: { kind: 'device', id, name: device.name } })
    },
    async report(id, { storage }) {
      await database.run('update devices set storage = ? where id = ?', storage, id)
    },
    async touch(id, time) {
      await database.run('update devices set last_seen_at = ? where id = ?', new Date(time).toISOString(), id)
    },
  }
}

export interface NewDevice {
  readonly name: string
  readonly hostname: string
  readonly version: string
  readonly platform: string
  readonly address: string
  readonly storage: CredentialStorage | null
  readonly enrolledBy: Identity
  readonly enrolledAt: Date
}

/**
 * Writes a device and its account, inside a transaction, and answers the device's id.
 *
 * @throws AuthError `already_exists` when the name is taken
 */
export async function insertDevice(rows: Rows, device: NewDevice): Promise<string> {
  const { name, enrolledAt, enrolledBy } = device
  const account = { kind: 'device', role: 'device', email: reservedEmail('device'), name, passwordHash: null } as const
  const userId = await insertAccount(rows, { ...account, createdAt: enrolledAt })
  const id = randomUUID()
  try {
    await rows.run(
      `insert into devices (id, user_id, name, hostname, version, platform, address, enrolled_at, enrolled_by, enrolled_by_id, storage)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      userId,
      name,
      device.hostname,
      device.version,
      device.platform,
      device.address,
      enrolledAt.toISOString(),
      enrolledBy.name,
      enrolledBy.userId,
      device.storage,
    )
  } catch (error) {
    if (!isTaken(error)) throw error
    throw new AuthError('already_exists', `A device is called ${name} already. Choose another name.`, { cause: error })
  }
  return id
}

interface Row {
  readonly id: string
  readonly user_id: string
  readonly name: string
  readonly hostname: string
  readonly version: string
  readonly platform: string
  readonly address: string
  readonly enrolled_at: string
  readonly enrolled_by: string
  readonly last_seen_at: string | null
  readonly storage: CredentialStorage | null
  readonly credential_since: string | null
  readonly rotating_since: string | null
}

function recordOf(row: Row, rotateAfterMs: number, now: number): DeviceRecord {
  const credential_since = row.credential_since ?? row.enrolled_at
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    hostname: row.hostname,
    version: row.version,
    platform: row.platform,
    address: row.address,
    enrolledAt: row.enrolled_at,
    enrolledBy: row.enrolled_by,
    lastSeenAt: row.last_seen_at,
    storage: row.storage,
    credentialSince: credential_since,
    rotating: isRotationDue({ ...row, credential_since }, rotateAfterMs, now),
  }
}
