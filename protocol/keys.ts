import { z } from 'zod'
import { instant, pageQuery, plainName } from './api.ts'
import { keyScope } from './roles.ts'

/** For how long a key works unless somebody says otherwise: what the console and the command line ask for. */
export const usualKeyDays = 90

/**
 * `POST /api/v1/keys`: administrators with any scope, others with `publish` and `subscribe` as far as their role goes. The
 * key itself is in this answer and nowhere else. */
export const keyRequest = z.object({
  name: z
    .string()
    .trim()
    .min(1, 'Name the key after what will use it.')
    .max(32, 'A key name has at most 32 characters.')
    .regex(plainName, 'Give a name without control characters.'),
  scopes: z.array(keyScope).min(1, 'Give at least one scope.'),
  /** When it stops working; never, when left out. */
  expiresAt: instant.optional(),
})
/** `GET /api/v1/keys?mine` lists one's own; without `mine`, for administrators, all. */
export const keyQuery = z.object({ mine: z.enum(['', 'true']).optional(), ...pageQuery.shape })
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(keyScope),
  /** Who made it: with their account it stops working. */
  owner: z.object({ id: z.string(), name: z.string() }),
  expiresAt: instant.nullable(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
})
export type KeyView = z.infer<typeof keyView>
export const keyAnswer = keyView.extend({ key: z.string() })
export type KeyAnswer = z.infer<typeof keyAnswer>
