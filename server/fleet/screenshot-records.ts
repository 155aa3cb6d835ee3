import type { Database } from '#server/auth/database.ts'

/**
 * What screens showed when somebody asked, in the records, so that every node and every process of one has it. Few of
 * each device are kept.
 */
export interface ScreenshotRecords {
  keep(deviceId: string, commandId: string, png: Uint8Array): Promise<void>
  find(deviceId: string, commandId: string): Promise<Uint8Array | null>
}

export const keptScreenshots = 5

export function createScreenshotRecords({ database }: { readonly database: Database }): ScreenshotRecords {
  return {
    async keep(deviceId, commandId, png) {
      await database.run(
        `insert into device_screenshots (command_id, device_id, png) values (?, ?, ?)
         on conflict (command_id) do update set png = excluded.png`,
        commandId,
        deviceId,
        png,
      )
      // Ids of commands are in the order in which they were sent.
      await database.run(
        `delete from device_screenshots where device_id = ? and command_id <=
           (select command_id from device_screenshots where device_id = ? order by command_id desc limit 1 offset ?)`,
        deviceId,
        deviceId,
        keptScreenshots,
      )
    },
    async find(deviceId, commandId) {
      const row = await database.get<{ png: Uint8Array }>(
        'select png from device_screenshots where device_id = ? and command_id = ?',
        deviceId,
        commandId,
      )
      return row?.png ?? null
    },
  }
}
