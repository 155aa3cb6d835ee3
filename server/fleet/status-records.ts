import type { DeviceStatus, KeptStatus } from '#protocol/device-report.ts'
import type { Database } from '#server/auth/database.ts'

/** The newest that each device has said of itself. */
export interface StatusRecords {
  /** What is kept now; null where a newer report has come before this one. `at` is when it came, in milliseconds since 1970. */
  keep(deviceId: string, status: DeviceStatus, at: number): Promise<KeptStatus | null>
  find(deviceId: string): Promise<KeptStatus | null>
  /** By the device's id. */
  all(): Promise<ReadonlyMap<string, KeptStatus>>
}

interface StatusRow {
  readonly device_id: string
  readonly reported_at: string
  readonly shell: string
  readonly health: string | null
}

export function createStatusRecords({ database }: { readonly database: Database }): StatusRecords {
  return {
    async keep(deviceId, { shell, health }, at) {
      const row = await database.get<StatusRow>(
        `insert into device_status (device_id, reported_at, shell, health) values (?, ?, ?, ?)
         on conflict (device_id) do update set reported_at = excluded.reported_at, shell = excluded.shell,
           health = coalesce(excluded.health, device_status.health)
         where device_status.reported_at <= excluded.reported_at
         returning *`,
        deviceId,
        new Date(at).toISOString(),
        JSON.stringify(shell),
        health === null ? null : JSON.stringify(health),
      )
      return row === undefined ? null : statusOf(row)
    },
    async find(deviceId) {
      const row = await database.get<StatusRow>('select * from device_status where device_id = ?', deviceId)
      return row === undefined ? null : statusOf(row)
    },
    async all() {
      const rows = await database.all<StatusRow>('select * from device_status')
      return new Map(rows.map((row) => [row.device_id, statusOf(row)]))
    },
  }
}

function statusOf({ reported_at, shell, health }: StatusRow): KeptStatus {
  return { shell: JSON.parse(shell), health: health === null ? null : JSON.parse(health), reportedAt: reported_at }
}
