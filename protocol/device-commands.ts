import { z } from 'zod'
import { instant, pageQuery } from './api.ts'
import { messageToShow, pageAddress } from './screen.ts'

const actions = [
  /** A message over the screen, a page on it, or nothing: then it waits. */
  z.object({
    command: z.literal('show'),
    args: z.union(
      [
        z.strictObject(messageToShow.shape),
        z.strictObject({ url: pageAddress }),
        z.strictObject({ nothing: z.literal(true) }),
      ],
      'Give a message, perhaps with a title, or a url, or nothing: true.',
    ),
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
] as const

/** What a device can be told to do, each with its arguments. */
export const deviceCommandNames = actions.map(({ shape }) => shape.command.value)
export const deviceAction = z.discriminatedUnion('command', actions, {
  error: (issue) =>
    issue.code === 'invalid_union' ? `A command is one of ${deviceCommandNames.join(', ')}.` : undefined,
})
export type DeviceAction = z.infer<typeof deviceAction>
export type DeviceCommandName = DeviceAction['command']

/**
 * What is published to `commands:<device>`. One that is delivered again, with the id of one before, is not carried out
 * again; after `deadline` it is not begun. `device`: the id of the device. Its name may pass to another one, and with it the
 * history of the channel; who publishes by hand may give the name all the same.
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
  value: z
    .json()
    .refine((value) => JSON.stringify(value).length <= maxValueCharacters, 'The value has at most 32,768 characters.')
    .optional(),
})
export type DeviceCommandResult = z.infer<typeof deviceCommandResult>

/** Of a value as JSON: more would not fit into a frame. */
export const maxValueCharacters = 32_768

const spanSentence = 'Give from 5 seconds to a week (604800).'
/** How long after it was sent a command may still be begun, in seconds; what is kept of `commands:` reaches as far back. */
const expiresIn = z.int(spanSentence).min(5, spanSentence).max(604_800, spanSentence).default(60)

/** `POST /api/v1/devices/{id}/commands`. With a header `Idempotency-Key` it is safe to send twice. */
export const deviceCommandRequest = deviceAction.and(z.object({ expiresIn }))
export type DeviceCommandRequest = z.input<typeof deviceCommandRequest>

export const idempotencyKey = z
  .string()
  .min(1, 'An idempotency key has 1 to 128 characters.')
  .max(128, 'An idempotency key has 1 to 128 characters.')

/**
 * `sent`: it is on its way, or being carried out. `done`, `failed` and `refused` are what the device said, and so is
 * `expired`: it came too late and was not begun. `no_answer`: the deadline has passed and the device has said nothing;
 * whether it was carried out is not known, and an answer that comes after all still counts.
 */
export const deviceCommandState = z.enum(['sent', 'done', 'failed', 'refused', 'expired', 'no_answer'])
export type DeviceCommandState = z.infer<typeof deviceCommandState>

/** One command to one device, as the server remembers it. */
export const deviceCommandView = z.object({
  id: z.uuid(),
  device: z.object({ id: z.string(), name: z.string() }),
  command: z.string(),
  args: z.record(z.string(), z.json()),
  state: deviceCommandState,
  code: z.string().nullable(),
  message: z.string().nullable(),
  sentAt: instant,
  deadline: instant,
  answeredAt: instant.nullable(),
  sentBy: z.string(),
  /** Whether there is `GET /api/v1/devices/{id}/screenshots/{commandId}`. */
  screenshot: z.boolean(),
})
export type DeviceCommandView = z.infer<typeof deviceCommandView>

/** `GET /api/v1/devices/{id}/commands/{commandId}`: with what it brought. */
export const deviceCommandDetail = deviceCommandView.extend({ value: z.json().nullable() })
export type DeviceCommandDetail = z.infer<typeof deviceCommandDetail>

/** `GET /api/v1/devices/{id}/commands`, the newest first. */
export const deviceCommandQuery = pageQuery.extend({ limit: pageQuery.shape.limit.default(50) })

/** `PUT /api/v1/devices/me/screenshots/{commandId}`: a PNG of at most so many bytes. */
export const maxScreenshotBytes = 8 * 1024 * 1024
