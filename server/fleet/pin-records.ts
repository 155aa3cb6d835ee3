import { type PinHash, pinHash } from '#protocol/device-settings.ts'
import type { Database } from '#server/auth/database.ts'

/** PINs of local panes, hashed. */
export interface PinRecords {
  set(deviceId: string, pin: PinHash | null): Promise<void>
  find(deviceId: string): Promise<PinHash | null>
  /** Ids of the devices that have one. */
  all(): Promise<ReadonlySet<string>>
}

export function createPinRecords({ database }: { readonly database: Database }): PinRecords {
  return {
    async set(deviceId, pin) {
      await database.run('update devices set pin = ? where id = ?', pin === null ? null : JSON.stringify(pin), deviceId)
    },
    async find(deviceId) {
      const row = await database.get<{ pin: string | null }>('select pin from devices where id = ?', deviceId)
      return row?.pin == null ? null : pinHash.parse(JSON.parse(row.pin))
    },
    async all() {
      const rows = await database.all<{ id: string }>('select id from devices where pin is not null')
      return new Set(rows.map(({ id }) => id))
    },
  }
}
