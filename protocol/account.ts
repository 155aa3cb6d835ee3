import { z } from 'zod'
import { email, instant, password } from './api.ts'

/** A code of an authenticator app, or one of the ten back-up codes. Spaces and dashes do not matter. */
export const factorCode = z
  .string()
  .trim()
  .min(6, 'Enter the six digits that the authenticator app shows, or a back-up code.')
  .max(24, 'Enter the six digits that the authenticator app shows, or a back-up code.')

/**
 * `POST /api/v1/sign-in`: signs a browser in; the answer is 204 with the session's cookie. Where the account has a second
 * factor and no code is sent, it is refused with `code_required`, and the same request with the code follows.
 */
export const signInRequest = z.object({
  email,
  password: z.string().min(1, 'Enter your password.').max(128),
  code: factorCode.or(z.literal('')).optional(),
})
export type SignInRequest = z.infer<typeof signInRequest>

/**
 * `GET /api/v1/sessions`, a page: where somebody is signed in, last used first. `DELETE …/{id}` ends one. Administrators
 * see those of others with `GET /api/v1/users/{id}/sessions`, and end them with `DELETE /api/v1/sessions/{id}` as well.
 */
export const sessionView = z.object({
  id: z.string(),
  /** The session that asks. */
  current: z.boolean(),
  /** browser: a cookie. program: a bearer token. */
  kind: z.enum(['browser', 'program']),
  /** `Firefox on Linux`, or what the program calls itself; empty when it said nothing. */
  userAgent: z.string(),
  /** Where it was last used from. */
  address: z.string(),
  startedAt: instant,
  lastUsedAt: instant,
  expiresAt: instant,
})
export type SessionView = z.infer<typeof sessionView>

/** `POST /api/v1/sessions/end` ends sessions of one's own: all others, all of programs ("reset my tokens"), or all. */
export const endSessionsRequest = z.object({ which: z.enum(['others', 'programs', 'all']) })
export const endSessionsAnswer = z.object({ ended: z.int() })

/** `POST /api/v1/me/password`: the other sessions end. */
export const passwordRequest = z.object({
  password: z.string().min(1, 'Enter your password.').max(128),
  newPassword: password,
})
export type PasswordRequest = z.infer<typeof passwordRequest>

/** `GET /api/v1/me/second-factor` */
export const secondFactorView = z.object({
  /** Whether an authenticator app is set up. */
  totp: z.boolean(),
  backupCodesLeft: z.int(),
  passkeys: z.array(z.object({ id: z.string(), name: z.string(), createdAt: instant, lastUsedAt: instant.nullable() })),
  /** Whether this account must have one, by the policy for its role. */
  required: z.boolean(),
  /** Until when it may be without one; null when it need not or has one. */
  requiredFrom: instant.nullable(),
})
/**
 * Passkeys: `GET /api/auth/passkey/generate-register-options`, `POST …/verify-registration` `{response, name}` (both within
 * ten minutes of signing in, else `forbidden`: sign in again), `GET …/generate-authenticate-options` and
 * `POST …/verify-authentication` `{response}`, which answers the session's cookie. `DELETE /api/v1/me/passkeys/{id}`
 * removes one, also within ten minutes.
 */
export type SecondFactorView = z.infer<typeof secondFactorView>

/** `POST /api/v1/me/totp`: begins to set an authenticator app up; nothing changes before `…/verify`. */
export const totpRequest = z.object({ password: z.string().min(1).max(128) })
/** `uri` is for a QR code, `secret` (base32) to type. */
export const totpAnswer = z.object({ uri: z.string(), secret: z.string() })
export type TotpAnswer = z.infer<typeof totpAnswer>
/** `POST /api/v1/me/totp/verify`: a first code turns it on. The back-up codes are in this answer and nowhere else. */
export const totpVerifyRequest = z.object({ code: factorCode })
export const backupCodesAnswer = z.object({ backupCodes: z.array(z.string()) })
export type BackupCodesAnswer = z.infer<typeof backupCodesAnswer>
/**
 * `POST /api/v1/me/totp/disable` and `POST /api/v1/me/backup-codes`, which answers new codes and voids the old. Without a
 * code the answer is `code_required`; one that has been used, also to sign in, is a `wrong_code`.
 */
export const factorChangeRequest = z.object({ password: z.string().min(1).max(128), code: factorCode.optional() })

/** `GET /api/v1/password-resets?token=` answers whom a link is for, `POST` sets the password; both with its token. */
export const passwordResetToken = z.string().min(1).max(200)
export const passwordResetView = z.object({ email: z.string(), name: z.string() })
export const passwordResetRequest = z.object({ token: passwordResetToken, password })

/** `GET /api/v1/me/grants`: the services somebody has let act for them. `DELETE …/{clientId}` ends one. */
export const grantView = z.object({
  clientId: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  /** What these let it do, in words. */
  meanings: z.array(z.string()),
  grantedAt: instant,
})
export type GrantView = z.infer<typeof grantView>
