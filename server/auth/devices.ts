import { randomUUID } from 'node:crypto'
import { insertAccount, reservedEmail } from './accounts.ts'
import type { Audit } from './audit.ts'
import type { Auth, DeviceRecord } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import { type Database, isTaken, type Rows } from './database.ts'
import type { Identity } from './identity.ts'

export interface DevicesParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly audit: Audit
}

/** Kiosks and desktop installations with an identity of their own. */
export function createDevices({ database, betterAuth, audit }: DevicesParts): Auth['devices'] {
  return {
    list: async () => (await database.all<Row>('select * from devices order by name')).map(recordOf),
    async remove(id) {
      const device = await database.get<Row>('select * from devices where id = ?', id)
      if (device === undefined) {
        throw new AuthError('unknown_device', 'There is no such device. List the devices to see which there are.')
      }
      const { internalAdapter } = await betterAuth.$context
      // Sessions first, each with its revocation; the device's row goes with the account.
      await internalAdapter.deleteUser(device.user_id)
      await audit.record({ action: 'device_remove', target: { kind: 'device', id, name: device.name } })
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
      `insert into devices (id, user_id, name, hostname, version, platform, address, enrolled_at, enrolled_by, enrolled_by_id)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
}

function recordOf(row: Row): DeviceRecord {
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
  }
}
