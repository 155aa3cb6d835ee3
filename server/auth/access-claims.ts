import { z } from 'zod'
import { type Role, role, roles } from '#protocol/roles.ts'
import type { Holder } from './current-identity.ts'

const common = { role, iat: z.int(), exp: z.int(), jti: z.string(), sub: z.string() }
export const accessClaims = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('user'), sid: z.string() }),
  z.object({ ...common, kind: z.literal('device'), sid: z.string() }),
  z.object({ ...common, kind: z.literal('key'), key: z.string() }),
  z.object({ ...common, kind: z.literal('grant'), grant: z.string() }),
  z.object({ ...common, kind: z.literal('local'), sub: z.literal('local'), name: z.string() }),
])
export type AccessClaims = z.infer<typeof accessClaims>

/**
 * What an access token says, once its signature, issuer, audience and times are known to be good.
 *
 * @throws z.ZodError
 */
export function readAccessClaims(payload: unknown): AccessClaims {
  return usualClaims(payload) ?? accessClaims.parse(payload)
}

/** What the schema makes of the claims of a person or device, without asking it, as nearly all are theirs; null for any other. */
export function usualClaims(payload: unknown): AccessClaims | null {
  if (typeof payload !== 'object' || payload === null) return null
  const { kind, role, iat, exp, jti, sub, sid } = payload as Readonly<Record<string, unknown>>
  if (kind !== 'user' && kind !== 'device') return null
  if (typeof jti !== 'string' || typeof sub !== 'string' || typeof sid !== 'string' || !isRole(role)) return null
  if (!isInteger(iat) || !isInteger(exp)) return null
  return { kind, role, iat, exp, jti, sub, sid }
}

function isRole(value: unknown): value is Role {
  return (roles as readonly unknown[]).includes(value)
}

/** As JSON can carry it without loss. */
function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** Of whom they speak. */
export function holderOf(known: AccessClaims): Holder {
  switch (known.kind) {
    case 'user':
    case 'device':
      return { kind: known.kind, userId: known.sub, sessionId: known.sid }
    case 'key':
      return { kind: 'key', userId: known.sub, keyId: known.key }
    case 'grant':
      return { kind: 'grant', userId: known.sub, grantId: known.grant }
    case 'local':
      return { kind: 'local', userId: 'local', name: known.name, role: 'admin' }
    default:
      return known satisfies never
  }
}
