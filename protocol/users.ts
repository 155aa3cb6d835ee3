import { z } from 'zod'
import { email, instant, pageQuery, password, personName } from './api.ts'
import { personRole, role } from './roles.ts'

/** `POST /api/v1/users`, administrators only. Without a password the answer has a link that sets one. */
export const userRequest = z.object({
  email,
  name: personName.optional(),
  role: personRole,
  password: password.optional(),
})
export const userView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role,
  disabled: z.boolean(),
  /** Until when passwords are not tried for this account, after too many wrong ones. */
  lockedUntil: instant.nullable(),
  secondFactor: z.enum(['none', 'totp', 'passkey', 'both']),
  createdAt: instant,
  lastSignInAt: instant.nullable(),
})
export type UserView = z.infer<typeof userView>
/** `GET /api/v1/users`: `query` is part of a name or an e-mail address. */
export const userQuery = z.object({ query: z.string().trim().max(120).optional(), ...pageQuery.shape })
/** A link that works once, for a day: to be handed to the person, since the server sends no mail. */
export const passwordLink = z.object({ link: z.string(), expiresAt: instant })
export type PasswordLink = z.infer<typeof passwordLink>
/** `PUT /api/v1/users/{id}/password`: another one instead of a link, at once. */
export const passwordSetRequest = z.object({ password })
/** The answer of `POST /api/v1/users`. */
export const userAnswer = userView.extend({ passwordLink: passwordLink.nullable() })
/**
 * `PATCH /api/v1/users/{id}`. Beside it, each answering 204: `DELETE`, and `POST …/disable`, `enable`, `unlock`,
 * `sign-out`, `reset-second-factor`, `PUT …/password`; `POST …/reset-password` answers a `passwordLink`.
 */
export const userChange = z
  .object({ name: personName, role: personRole })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Give something to change.')
export type UserChange = z.infer<typeof userChange>
