import { z } from 'zod'
import { instant } from './api.ts'
import { messageToShow, pageAddress } from './screen.ts'

/** What a device can be told to do, each with its arguments. */
export const deviceAction = z.discriminatedUnion('command', [
  /** A message over the screen, a page on it, or nothing: then it waits. */
  z.object({
    command: z.literal('show'),
    args: z.union([
      z.strictObject(messageToShow.shape),
      z.strictObject({ url: pageAddress }),
      z.strictObject({ nothing: z.literal(true) }),
    ]),
  }),
  /** Loads the page it shows once more, past the cache where `fresh`. */
  z.object({
    command: z.literal('reload'),
    args: z.strictObject({ fresh: z.boolean().default(false) }).default({ fresh: false }),
  }),
  /** Shows its name in large letters for so many seconds, so that somebody finds it. */
  z.object({
    command: z.literal('identify'),
    args: z.strictObject({ seconds: z.int().min(1).max(300).default(15) }).default({ seconds: 15 }),
  }),
  z.object({ command: z.literal('screenshot'), args: z.strictObject({}).default({}) }),
  z.object({ command: z.literal('display'), args: z.strictObject({ on: z.boolean() }) }),
  z.object({ command: z.literal('restart-app'), args: z.strictObject({}).default({}) }),
  z.object({ command: z.literal('reboot'), args: z.strictObject({}).default({}) }),
  z.object({ command: z.literal('diagnostics'), args: z.strictObject({}).default({}) }),
])
export type DeviceAction = z.infer<typeof deviceAction>
export const deviceCommandNames = deviceAction.options.map(({ shape }) => shape.command.value)
export type DeviceCommandName = DeviceAction['command']

/**
 * What is published to `commands:<device>`. One that is delivered again, with the id of one before, is not carried out
 * again; after `deadline` it is not begun.
 */
export const deviceCommandEnvelope = z.object({ id: z.uuid(), device: z.string(), deadline: instant })
export type DeviceCommand = z.infer<typeof deviceCommandEnvelope> & DeviceAction

/** How a command ended on the device, as it tells the server by the RPC method `device.result`. */
export const deviceCommandResult = z.object({
  id: z.uuid(),
  /** `refused`: unknown, not valid, for another device or not possible on this one. `expired`: it came after its deadline. */
  state: z.enum(['done', 'failed', 'refused', 'expired']),
  /** What went wrong, in snake_case; null when it is done. */
  code: z.string().max(64).nullable(),
  message: z.string().max(1000),
  /** What it brought: of `diagnostics` a report. A screenshot is sent by `PUT /api/v1/devices/me/screenshots/{id}`. */
  value: z.json().optional(),
})
export type DeviceCommandResult = z.infer<typeof deviceCommandResult>
