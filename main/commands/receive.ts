import { z } from 'zod'
import {
  type DeviceCommand,
  type DeviceCommandResult,
  deviceAction,
  deviceCommandEnvelope,
  deviceCommandNames,
} from '#protocol/device-commands.ts'

/** What something on the `commands:` channel is to a device. */
export type Received =
  | { readonly kind: 'command'; readonly command: DeviceCommand }
  /** Meant as a command, and can be answered. */
  | { readonly kind: 'refused'; readonly result: DeviceCommandResult }
  /** No command, or one without an id to answer to. */
  | { readonly kind: 'other' }

const addressed = z.object({ id: z.uuid(), command: z.unknown() })

/** `names`: what this device is called by, its id and its name. */
export function receive(data: unknown, names: readonly string[]): Received {
  const named = addressed.safeParse(data)
  if (!named.success || named.data.command === undefined) return { kind: 'other' }
  const { id, command } = named.data
  const refused = (code: string, message: string): Received => ({
    kind: 'refused',
    result: { id, state: 'refused', code, message },
  })
  const envelope = deviceCommandEnvelope.safeParse(data)
  if (!envelope.success) return refused('invalid_command', sentenceOf(envelope.error))
  if (!names.includes(envelope.data.device)) {
    return refused('other_device', 'The command is for another device. Send it to the channel of that one.')
  }
  if (!(deviceCommandNames as readonly unknown[]).includes(command)) {
    const known = deviceCommandNames.join(', ')
    return refused('unknown_command', `This version of the app does not know the command. It knows ${known}.`)
  }
  const action = deviceAction.safeParse(data)
  if (!action.success) return refused('invalid_command', sentenceOf(action.error))
  return { kind: 'command', command: { ...envelope.data, ...action.data } }
}

function sentenceOf({ issues }: z.ZodError): string {
  const said = issues.map(({ path, message }) => `${path.join('.') || 'command'}: ${message.replace(/\.$/, '')}`)
  return `The command is not valid. ${said.join('; ')}`.slice(0, 999).concat('.')
}
