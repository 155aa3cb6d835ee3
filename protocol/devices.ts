import { z } from 'zod'
import { instant } from './api.ts'
import { keptStatus } from './device-report.ts'
import { newPin } from './device-settings.ts'

/** What anybody may say of themselves: that, and nothing invisible either. */
const shownText = z.string().regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'Send text without control characters.')

/** A device's name is also its address: `commands:<name>`. */
export const deviceName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
    'A device name is 1 to 63 small letters, digits, - or _, beginning and ending with a letter or digit: lobby-1.',
  )

/** Where a device keeps its credential: `file` is as good as the card it lies on, `memory` is lost at every start. */
export const credentialStorage = z.enum(['keychain', 'file', 'memory'])
export type CredentialStorage = z.infer<typeof credentialStorage>

/** `POST /api/v1/enrolments`: a kiosk asks to be enrolled (RFC 8628, device authorization request). */
export const enrolmentRequest = z.object({
  hostname: shownText.max(120),
  version: shownText.max(64),
  platform: shownText.max(120),
  storage: credentialStorage.optional(),
})
export type EnrolmentRequest = z.infer<typeof enrolmentRequest>

/** The answer, with RFC 8628's names. `interval` and `expires_in` are in seconds. */
export const enrolmentAnswer = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
})
export type EnrolmentAnswer = z.infer<typeof enrolmentAnswer>

/** `POST /api/v1/enrolments/token`: the kiosk polls; until decided the problem code is one of RFC 8628's. */
export const enrolmentTokenRequest = z.object({ device_code: z.string().min(1).max(200) })
export const enrolmentTokenAnswer = z.object({
  token: z.string(),
  expiresAt: instant,
  device: z.object({ id: z.string(), name: z.string() }),
})
export type EnrolmentTokenAnswer = z.infer<typeof enrolmentTokenAnswer>

/** `GET /api/v1/enrolments/{userCode}`: what an operator sees before approving. */
export const enrolmentView = z.object({
  userCode: z.string(),
  hostname: z.string(),
  address: z.string(),
  version: z.string(),
  platform: z.string(),
  requestedAt: instant,
  expiresAt: instant,
})
export type EnrolmentView = z.infer<typeof enrolmentView>

/**
 * `GET /api/v1/enrolments`: the screens that wait for a decision. Without their codes: whoever approves one has to have
 * seen it.
 */
export const waitingEnrolment = enrolmentView.omit({ userCode: true }).extend({ id: z.string() })
export type WaitingEnrolment = z.infer<typeof waitingEnrolment>

/** `POST /api/v1/enrolments/{userCode}/approve`; `/deny` takes no body. */
export const approveRequest = z.object({ name: deviceName, pin: newPin.optional() })
export const approveAnswer = z.object({ id: z.string(), name: z.string() })

/** A kiosk or desktop installation. */
export const deviceView = z.object({
  id: z.string(),
  name: z.string(),
  hostname: z.string(),
  version: z.string(),
  platform: z.string(),
  address: z.string(),
  enrolledAt: instant,
  enrolledBy: z.string(),
  online: z.boolean(),
  /** While it is online: since when. */
  lastSeenAt: instant.nullable(),
  /** What the device says of where it keeps its credential; null when it did not say. */
  storage: credentialStorage.nullable(),
  /** When the credential it uses was made. */
  credentialSince: instant,
  /** Whether it has been told to take a new credential and has not yet done so: `POST /api/v1/devices/{id}/rotate`. */
  rotating: z.boolean(),
  /** What it said last of its shell and its health; null when it said nothing. */
  status: keptStatus.nullable(),
  /** Whether its local pane opens by a PIN. */
  pin: z.boolean(),
})
export type DeviceView = z.infer<typeof deviceView>

/** `GET /api/v1/devices`: all, or the one of this name. */
export const deviceQuery = z.object({ name: z.string().max(63).optional() })

/** `PATCH /api/v1/devices/me`: what a device says of itself. */
export const deviceReport = z.object({ storage: credentialStorage })

/**
 * `POST /api/v1/devices/me/credential`: a new credential for the device that asks. The one it asks with holds until the
 * new one is first used, so that a device that loses power in between loses nothing.
 */
export const deviceCredentialRequest = deviceReport.partial()
export const deviceCredential = z.object({ token: z.string(), expiresAt: instant })
export type DeviceCredential = z.infer<typeof deviceCredential>
