import { randomUUID } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { type AccessClaims, holderOf, readAccessClaims } from './access-claims.ts'
import type { Auth, Verified } from './auth.ts'
import { accessTokenAudience } from './better-auth.ts'
import type { CurrentIdentity, Holder } from './current-identity.ts'
import type { Identity } from './identity.ts'
import { readOwnToken } from './own-token.ts'
import { hashToken } from './random-token.ts'
import type { RecentHolders } from './recent-holders.ts'
import type { SigningKeys } from './signing-keys.ts'
import { refusalOf } from './site-tokens.ts'
import { clockToleranceSeconds, timeFault } from './token-times.ts'

const lifetimeSeconds = 300

/** Longest token that is looked at. Ours have some 500 characters. */
const maxTokenLength = 4096

/** Tokens whose signature is known to be good, at a time; one costs about a tenth of a millisecond of a core to verify. */
const maxVerified = 20_000

export interface AccessTokensParts {
  readonly signingKeys: SigningKeys
  readonly currentIdentity: CurrentIdentity
  readonly holders: RecentHolders
  readonly clock: () => number
}

/**
 * JWTs for the socket. A token only says who was behind it when it was made; who that is now is read each time, unless it
 * is known to be the same.
 */
export function createAccessTokens(parts: AccessTokensParts): Pick<Auth, 'issueAccessToken' | 'verifyAccessToken'> {
  const { clock, signingKeys, currentIdentity, holders } = parts
  const { issuer } = signingKeys
  const verified = new Map<string, AccessClaims>()

  /** Whoever signed a token here need not verify it. */
  function keep(hash: string, payload: JWTPayload): AccessClaims {
    const parsed = readAccessClaims(payload)
    if (timeFault(parsed, clock() / 1000) === null) verified.set(hash, parsed)
    forgetOldest(verified)
    return parsed
  }

  /** At once for a token that is written as ours are. */
  function claimsOf(token: string): AccessClaims | Refused | Promise<AccessClaims | Refused> {
    const hash = hashToken(token)
    const known = verified.get(hash)
    if (known !== undefined && timeFault(known, clock() / 1000) === null) return known
    verified.delete(hash)
    try {
      const payload = quickly(token)
      if (payload !== null) return keep(hash, payload)
      return thoroughly(token)
        .then((later) => keep(hash, later))
        .catch(refused)
    } catch (error) {
      return refused(error)
    }
  }

  function refused(error: unknown): Refused {
    if (error instanceof errors.JOSEError) return refusalOf(error, clock() / 1000)
    if (error instanceof z.ZodError) return { ok: false, reason: 'invalid', why: 'claims' }
    throw error
  }

  function quickly(token: string) {
    const { keyOf } = signingKeys
    return readOwnToken(token, { keyOf, issuer, audience: accessTokenAudience, now: Math.floor(clock() / 1000) })
  }

  async function thoroughly(token: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, signingKeys.find, {
      issuer,
      audience: accessTokenAudience,
      algorithms: ['EdDSA'],
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'kind', 'role'],
      currentDate: new Date(clock()),
      clockTolerance: clockToleranceSeconds,
    })
    return payload
  }

  return {
    async issueAccessToken(identity) {
      const { kid, privateKey } = await signingKeys.current()
      const now = Math.floor(clock() / 1000)
      const jti = randomUUID()
      const payload: JWTPayload = {
        ...payloadOf(identity),
        iss: issuer,
        aud: accessTokenAudience,
        sub: identity.userId,
        jti,
        iat: now,
        exp: now + lifetimeSeconds,
      }
      const token = await new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid }).sign(privateKey)
      keep(hashToken(token), payload)
      await holders.remember(jti, identity)
      return { token, expiresIn: lifetimeSeconds }
    },
    verifyAccessToken(token) {
      if (token.length > maxTokenLength) return { ok: false, reason: 'invalid', why: 'malformed' }
      const known = claimsOf(token)
      return known instanceof Promise ? known.then(verifiedBy) : verifiedBy(known)
    },
  }

  function verifiedBy(known: AccessClaims | Refused): Verified | Promise<Verified> {
    if ('ok' in known) return known
    const fault = timeFault(known, clock() / 1000)
    if (fault !== null) return fault
    const holder = holderOf(known)
    const recent = holders.take(known.jti)
    const identity = isOf(recent, holder) ? recent : currentIdentity(holder)
    if (!(identity instanceof Promise)) return verifiedAs(identity, known)
    return identity.then((later) => verifiedAs(later, known))
  }
}

type Refused = Extract<Verified, { ok: false }>

function verifiedAs(identity: Identity | null, { exp }: AccessClaims): Verified {
  if (identity === null) return { ok: false, reason: 'invalid', why: 'session ended' }
  return { ok: true, identity, expiresAt: exp }
}

/** Whoever holds a key of ours may write what they like into a token: then the records decide, as ever. */
function isOf(recent: Identity | null, holder: Holder): recent is Identity {
  if (recent === null || !('sessionId' in recent) || !('sessionId' in holder)) return false
  return recent.sessionId === holder.sessionId && recent.userId === holder.userId
}

/** `role`, `name` and `device` are for other readers of the token; this server goes by its records. */
function payloadOf(identity: Identity): JWTPayload {
  const common = { kind: identity.kind, role: identity.role, name: identity.name }
  switch (identity.kind) {
    case 'user':
      return { ...common, sid: identity.sessionId }
    case 'device':
      return { ...common, sid: identity.sessionId, device: { id: identity.device.id, name: identity.device.name } }
    case 'key':
      return { ...common, key: identity.keyId, scopes: identity.scopes }
    case 'grant':
      return { ...common, grant: identity.grantId, scopes: identity.scopes }
    case 'local':
      return common
    default:
      return identity satisfies never
  }
}

function forgetOldest(verified: Map<string, AccessClaims>): void {
  if (verified.size <= maxVerified) return
  for (const hash of verified.keys()) {
    verified.delete(hash)
    return
  }
}
