import { z } from 'zod'

/** `https://signs.example.org`: scheme, host and port of a page, and nothing after them. */
export const webOrigin = z
  .url({ protocol: /^https?$/ })
  .max(300)
  .refine((text) => new URL(text).origin === text, 'Give an origin such as https://signs.example.org, without a path.')

/** A PIN of the local pane, as a device keeps it: scrypt (RFC 7914) of the digits, both in base64url. */
export const pinHash = z.strictObject({
  salt: z.string().min(16).max(64),
  hash: z.string().min(16).max(128),
  cost: z.int().min(1024).max(1_048_576),
  blockSize: z.int().min(1).max(32),
  parallelization: z.int().min(1).max(16),
})
export type PinHash = z.infer<typeof pinHash>

/**
 * `GET /api/v1/devices/me/settings`: what a device is told once of itself. It asks at every connection and when
 * `{"settings": true}` is published to its `commands:` channel, and keeps the answer for when there is no server.
 */
export const deviceSettings = z.object({
  /** Whose pages it may show, besides those that were given to it at its start. */
  allowedOrigins: z.array(webOrigin).max(100),
  /** Of the pane at the screen; null: it has none, and the pane opens by an operator's code only. */
  pin: pinHash.nullable(),
})
export type DeviceSettings = z.infer<typeof deviceSettings>

export const settingsNotice = z.object({ settings: z.literal(true) })

/** `PUT /api/v1/devices/{id}/pin` and with the approval of an enrolment. */
export const newPin = z.string().regex(/^\d{6,12}$/, 'A PIN has 6 to 12 digits.')
export const pinRequest = z.object({ pin: newPin.nullable() })
