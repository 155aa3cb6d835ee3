import type { z } from 'zod'
import { commandsChannel } from '#protocol/channel.ts'
import type { DeviceAction, DeviceCommand, deviceCommandRequest } from '#protocol/device-commands.ts'
import { maskAddress } from '#protocol/secrets.ts'
import type { Audit } from '#server/auth/audit.ts'
import type { Identity } from '#server/auth/identity.ts'
import { createSortableIds } from '#server/auth/sortable-id.ts'
import type { PublishOutcome } from '#server/realtime/realtime.ts'
import type { CommandRecords } from './command-records.ts'
import { type CommandRow, commandViewOf, isOpen } from './command-row.ts'
import type { DeviceName, Fleet } from './fleet.ts'
import { FleetRefusal, type FleetRefusalCode } from './fleet-refusal.ts'
import { type Publish, server, type TellOperators } from './news.ts'

/** Of one device, that it has not answered and may still begin: half of what its channel keeps for a device that is off. */
export const maxOpen = 500

export interface SendingParts {
  readonly records: CommandRecords
  readonly deviceOf: (id: string) => Promise<DeviceName>
  readonly publish: Publish
  readonly tell: TellOperators
  readonly audit: Pick<Audit, 'record'>
  readonly clock: () => number
}

type Request = z.output<typeof deviceCommandRequest>

/** Sends commands: first written down, then published, so that none is on its way of which nobody knows. */
export function createSending({ records, deviceOf, publish, tell, audit, clock }: SendingParts): Fleet['send'] {
  const nextId = createSortableIds()

  async function publishRow(row: CommandRow): Promise<void> {
    const action = { command: row.command, args: JSON.parse(row.args) } as DeviceAction
    const data: DeviceCommand = { id: row.id, device: row.device_id, deadline: row.deadline, ...action }
    const channel = commandsChannel(row.device_name)
    const outcome = await publish(server, { channel, data, idempotencyKey: row.id })
    if (outcome.ok) return records.setPublished(row.id)
    const { code, sentence } = refusalOf(outcome, channel)
    await records.setUnpublished(row.id, sentence)
    await tellOf(row)
    throw new FleetRefusal(code, sentence)
  }

  async function tellOf({ device_id, device_name, id }: CommandRow): Promise<void> {
    const row = await records.find(device_id, id)
    if (row !== undefined) await tell(device_name, { type: 'command', command: commandViewOf(row, clock()) })
  }

  /** `key` is anybody's choice: it counts for whoever sent it alone. */
  async function insert(by: Identity, device: DeviceName, { command, args, expiresIn }: Request, key: string | null) {
    const now = clock()
    const { row, isNew } = await records.insert({
      id: nextId(now),
      device_id: device.id,
      command,
      args: JSON.stringify(args),
      sent_at: new Date(now).toISOString(),
      deadline: new Date(now + expiresIn * 1000).toISOString(),
      sent_by: by.name,
      idempotency_key: key === null ? null : `${by.userId} ${key}`,
    })
    if (!isNew && (row.command !== command || row.args !== JSON.stringify(args))) {
      const sentence = 'Another command was sent with this idempotency key. Send this one with a key of its own.'
      throw new FleetRefusal('already_exists', sentence)
    }
    return { row, isNew }
  }

  return async (by, deviceId, request, key = null) => {
    const device = await deviceOf(deviceId)
    if ((await records.countOpen(device.id)) >= maxOpen) {
      const sentence = `${device.name} has ${maxOpen} commands to answer. Wait until it does, or until they expire.`
      throw new FleetRefusal('too_many_commands', sentence)
    }
    const { row, isNew } = await insert(by, device, request, key)
    if (isNew) {
      const details = { command: row.command, id: row.id, ...(request.command === 'show' && shown(request.args)) }
      await audit.record({ action: 'device_command', actor: by, target: { kind: 'device', ...device }, details })
      await tellOf(row)
    }
    // A repetition as well: whoever sent it may not know whether it went out. The channel takes each id once.
    if (isOpen(row, clock())) await publishRow(row)
    const sent = (await records.find(device.id, row.id)) ?? row
    return { command: commandViewOf(sent, clock()), isNew }
  }
}

/** What is put on record of it: the words of a message are for those in front of the screen. */
function shown(args: Extract<DeviceAction, { command: 'show' }>['args']): Readonly<Record<string, string>> {
  if ('url' in args) return { url: maskAddress(args.url) }
  return { show: 'message' in args ? 'message' : 'nothing' }
}

function refusalOf(outcome: Extract<PublishOutcome, { ok: false }>, channel: string) {
  const code: FleetRefusalCode = codes[outcome.error] ?? 'unavailable'
  const sentence =
    code === 'unknown_channel'
      ? `There is no namespace for ${channel}. Add one called commands to the namespaces of the configuration.`
      : `The command was not sent: ${outcome.message}`
  return { code, sentence }
}

const codes: Readonly<Partial<Record<Extract<PublishOutcome, { ok: false }>['error'], FleetRefusalCode>>> = {
  unknownChannel: 'unknown_channel',
  permissionDenied: 'forbidden',
  badRequest: 'bad_request',
}
