import type { Logger } from 'pino'
import type { z } from 'zod'
import { commandsChannel } from '#protocol/channel.ts'
import type { DeviceSettings, settingsNotice } from '#protocol/device-settings.ts'
import type { Auth } from '#server/auth/auth.ts'
import { openIdentityRecords } from '#server/auth/database.ts'
import type { Records } from '#server/store/records.ts'
import { createCommandRecords } from './command-records.ts'
import { type CommandRow, commandDetailOf, commandViewOf } from './command-row.ts'
import type { DeviceName, Fleet } from './fleet.ts'
import { FleetRefusal } from './fleet-refusal.ts'
import { createNews, type Publish, server } from './news.ts'
import { hashPin } from './pin.ts'
import { createPinRecords } from './pin-records.ts'
import { isPng } from './png.ts'
import { createReports } from './reports.ts'
import { createScreenshotRecords } from './screenshot-records.ts'
import { createSending } from './sending.ts'
import { createStatusRecords } from './status-records.ts'
import { startSweep } from './sweep.ts'

export interface FleetOptions {
  readonly records: Pick<Records, 'engine' | 'db'>
  readonly auth: Pick<Auth, 'devices' | 'audit'>
  readonly publish: Publish
  /** Whose pages every screen may show. */
  readonly allowedOrigins: readonly string[]
  /** Whether this process removes what is old; of those that share the records one is enough. Default true. */
  readonly sweeps?: boolean
  readonly log: Logger
  readonly clock?: () => number
}

export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const { auth, publish, allowedOrigins, sweeps = true, log, clock = Date.now } = options
  const { database } = await openIdentityRecords(options.records)
  const records = createCommandRecords({ database, clock })
  const statuses = createStatusRecords({ database })
  const screenshots = createScreenshotRecords({ database })
  const pins = createPinRecords({ database })
  const tell = createNews({ publish, log })
  const deviceOf = async (id: string) => nameOf(await auth.devices.find(id))
  const sweep = sweeps ? startSweep({ records, log }) : null

  /** @throws FleetRefusal `unknown_command` */
  async function find(deviceId: string, id: string): Promise<CommandRow> {
    const row = await records.find(deviceId, id)
    if (row !== undefined) return row
    throw new FleetRefusal('unknown_command', 'This device has no such command, or it is no longer kept.')
  }

  async function tellOf(device: DeviceName, id: string): Promise<void> {
    const command = commandViewOf(await find(device.id, id), clock())
    await tell(device.name, { type: 'command', command })
  }

  return {
    send: createSending({ records, deviceOf, publish, tell, audit: auth.audit, clock }),
    async commands(deviceId, { limit, cursor }) {
      await deviceOf(deviceId)
      if (cursor !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) {
        const sentence = 'The cursor is none of this list: pass on what "next" says, or leave it out.'
        throw new FleetRefusal('bad_request', sentence)
      }
      const rows = await records.list(deviceId, cursor, limit + 1)
      const items = rows.slice(0, limit)
      const now = clock()
      return {
        items: items.map((row) => commandViewOf(row, now)),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      }
    },
    async command(deviceId, id) {
      return commandDetailOf(await find(deviceId, id), clock())
    },
    async settle(device, result) {
      if (await records.answer(device.id, result)) await tellOf(device, result.id)
      else await find(device.id, result.id)
    },
    report: createReports({ records: statuses, tell, clock }),
    statusOf: statuses.find,
    statuses: statuses.all,
    async keepScreenshot(device, commandId, png) {
      const row = await find(device.id, commandId)
      if (row.command !== 'screenshot') {
        throw new FleetRefusal('bad_request', `The command was ${row.command}, which asks for no picture.`)
      }
      if (!isPng(png)) throw new FleetRefusal('bad_request', 'This is no PNG. Send the picture as image/png.')
      await screenshots.keep(device.id, commandId, png)
      await tellOf(device, commandId)
    },
    async screenshot(deviceId, commandId) {
      const png = await screenshots.find(deviceId, commandId)
      if (png !== null) return png
      throw new FleetRefusal('not_found', 'There is no such picture, or it is no longer kept. Ask for another one.')
    },
    async settings(deviceId) {
      return { allowedOrigins: [...allowedOrigins], pin: await pins.find(deviceId) } satisfies DeviceSettings
    },
    async setPin(by, deviceId, pin) {
      const device = await deviceOf(deviceId)
      await pins.set(device.id, pin === null ? null : await hashPin(pin))
      const action = pin === null ? 'device_pin_clear' : 'device_pin_set'
      await auth.audit.record({ action, actor: by, target: { kind: 'device', ...device } })
      const data: z.infer<typeof settingsNotice> = { settings: true }
      const outcome = await publish(server, { channel: commandsChannel(device.name), data })
      // It asks by itself when it connects next.
      if (!outcome.ok)
        log.warn({ device: device.name, reason: outcome.message }, 'a device was not told of its settings')
    },
    withPin: pins.all,
    async [Symbol.asyncDispose]() {
      await sweep?.[Symbol.asyncDispose]()
    },
  }
}

function nameOf({ id, name }: DeviceName): DeviceName {
  return { id, name }
}
