import type { DeviceCommandResult } from '#protocol/device-commands.ts'
import type { Database } from '#server/auth/database.ts'
import { type CommandRow, notPublished } from './command-row.ts'

/** Commands in the records. */
export interface CommandRecords {
  /** `isNew` is false where whoever sent it had sent one with this idempotency key. */
  insert(command: NewCommand): Promise<{ readonly row: CommandRow; readonly isNew: boolean }>
  find(deviceId: string, id: string): Promise<CommandRow | undefined>
  /** The newest first, behind `cursor`; one more than `limit` tells whether there are others. */
  list(deviceId: string, cursor: string | null, limit: number): Promise<readonly CommandRow[]>
  /** How many this device has not answered and may still begin. */
  countOpen(deviceId: string): Promise<number>
  /** The first answer counts. Answers whether it was that. */
  answer(deviceId: string, result: DeviceCommandResult): Promise<boolean>
  /** It could not be published; why is said in a sentence. And the other way round: now it is. */
  setUnpublished(id: string, why: string): Promise<void>
  setPublished(id: string): Promise<void>
  /** Removes what is older than is kept. */
  sweep(): Promise<void>
}

export interface NewCommand
  extends Pick<CommandRow, 'id' | 'device_id' | 'command' | 'args' | 'sent_at' | 'deadline' | 'sent_by'> {
  readonly idempotency_key: string | null
}

/** How long a command is remembered, and how many of one device at most. */
export const keptDays = 30
export const keptPerDevice = 1_000

const columns = `c.id, c.device_id, d.name as device_name, c.command, c.args, c.state, c.code, c.message, c.value,
  c.sent_at, c.deadline, c.answered_at, c.sent_by, c.idempotency_key,
  exists (select 1 from device_screenshots s where s.command_id = c.id) as has_screenshot`
const from = 'device_commands c join devices d on d.id = c.device_id'

export function createCommandRecords({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: () => number
}): CommandRecords {
  const iso = (time: number) => new Date(time).toISOString()

  const find: CommandRecords['find'] = async (deviceId, id) =>
    database.get<CommandRow>(`select ${columns} from ${from} where c.id = ? and c.device_id = ?`, id, deviceId)

  async function found(command: NewCommand): Promise<CommandRow> {
    const { device_id, id, idempotency_key: key } = command
    const row =
      key === null
        ? await find(device_id, id)
        : await database.get<CommandRow>(
            `select ${columns} from ${from} where c.device_id = ? and c.idempotency_key = ?`,
            device_id,
            key,
          )
    if (row === undefined) throw new Error('a command that was written is not there')
    return row
  }

  return {
    async insert(command) {
      const inserted = await database.run(
        `insert into device_commands (id, device_id, command, args, state, sent_at, deadline, sent_by, idempotency_key)
         values (?, ?, ?, ?, 'sent', ?, ?, ?, ?) on conflict (device_id, idempotency_key) do nothing`,
        command.id,
        command.device_id,
        command.command,
        command.args,
        command.sent_at,
        command.deadline,
        command.sent_by,
        command.idempotency_key,
      )
      if (inserted === 1) {
        await database.run(
          `delete from device_commands where device_id = ? and id <=
             (select id from device_commands where device_id = ? order by id desc limit 1 offset ?)`,
          command.device_id,
          command.device_id,
          keptPerDevice,
        )
      }
      return { row: await found(command), isNew: inserted === 1 }
    },

    find,

    list: (deviceId, cursor, limit) =>
      database.all<CommandRow>(
        `select ${columns} from ${from} where c.device_id = ? and c.id < ? order by c.id desc limit ?`,
        deviceId,
        cursor ?? 'g',
        limit,
      ),

    async countOpen(deviceId) {
      const row = await database.get<{ n: number }>(
        `select count(*) as n from device_commands where device_id = ? and state = 'sent' and deadline > ?`,
        deviceId,
        iso(clock()),
      )
      return row?.n ?? 0
    },

    async answer(deviceId, { id, state, code, message, value }) {
      const changed = await database.run(
        `update device_commands set state = ?, code = ?, message = ?, value = ?, answered_at = ?
         where id = ? and device_id = ? and answered_at is null`,
        state,
        code,
        message,
        value === undefined ? null : JSON.stringify(value),
        iso(clock()),
        id,
        deviceId,
      )
      return changed === 1
    },

    async setUnpublished(id, why) {
      await database.run(
        `update device_commands set state = 'failed', code = ?, message = ? where id = ? and answered_at is null`,
        notPublished,
        why,
        id,
      )
    },

    async setPublished(id) {
      await database.run(
        `update device_commands set state = 'sent', code = null, message = null
         where id = ? and code = ? and answered_at is null`,
        id,
        notPublished,
      )
    },

    async sweep() {
      await database.run(
        `delete from device_commands where id in (select id from device_commands where sent_at < ? limit 1000)`,
        iso(clock() - keptDays * 24 * 60 * 60_000),
      )
    },
  }
}
