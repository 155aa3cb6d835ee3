import { randomUUID } from 'node:crypto'
import { resolveSigningKey } from 'better-auth/plugins'
import { createLocalJWKSet, errors, type JWSHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Auth, Verified } from './auth.ts'
import { accessTokenAudience, type BetterAuth, issuerOf } from './better-auth.ts'
import type { CurrentIdentity, Holder } from './current-identity.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import { hashToken } from './random-token.ts'

const lifetimeSeconds = 300

/** Longest token that is looked at. Ours have some 500 characters. */
const maxTokenLength = 4096

/** Signatures remembered at a time; one costs about half a millisecond of a core to verify. */
const maxVerified = 20_000

/** How long the signing key is used before the table is asked again; keys change every 90 days. */
const signingKeyMs = 10 * 60_000

export interface AccessTokensParts {
  readonly betterAuth: BetterAuth
  readonly database: Database
  readonly currentIdentity: CurrentIdentity
  readonly baseUrl: string
  readonly clock: () => number
}

/** JWTs for the socket. A token only says who was behind it when it was made; who that is now is read each time. */
export function createAccessTokens(parts: AccessTokensParts): Pick<Auth, 'issueAccessToken' | 'verifyAccessToken'> {
  const { clock } = parts
  const issuer = issuerOf(parts.baseUrl)
  const signingKey = createSigningKey(parts)
  const publicKey = createPublicKeys(parts)
  const verified = new Map<string, Claims>()

  async function claimsOf(token: string): Promise<Claims> {
    const hash = hashToken(token)
    const known = verified.get(hash)
    if (known !== undefined && known.exp * 1000 > clock()) return known
    verified.delete(hash)
    const { payload } = await jwtVerify(token, publicKey, {
      issuer,
      audience: accessTokenAudience,
      algorithms: ['EdDSA'],
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'kind'],
      currentDate: new Date(clock()),
    })
    const parsed = claims.parse(payload)
    verified.set(hash, parsed)
    forgetOldest(verified)
    return parsed
  }

  return {
    async issueAccessToken(identity) {
      const { kid, privateKey } = await signingKey()
      const now = Math.floor(clock() / 1000)
      const token = await new SignJWT(payloadOf(identity))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(accessTokenAudience)
        .setSubject(identity.userId)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .sign(privateKey)
      return { token, expiresIn: lifetimeSeconds }
    },
    async verifyAccessToken(token): Promise<Verified> {
      if (token.length > maxTokenLength) return { ok: false, reason: 'invalid' }
      let known: Claims
      try {
        known = await claimsOf(token)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' }
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return { ok: false, reason: 'invalid' }
        throw error
      }
      const identity = parts.currentIdentity(holderOf(known))
      if (identity === null) return { ok: false, reason: 'invalid' }
      return { ok: true, identity, expiresAt: known.exp }
    },
  }
}

const session = { sub: z.string(), sid: z.string(), exp: z.int() }
const claims = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), ...session }),
  z.object({ kind: z.literal('device'), ...session }),
  z.object({ kind: z.literal('key'), sub: z.string(), key: z.string(), exp: z.int() }),
  z.object({ kind: z.literal('local'), sub: z.literal('local'), name: z.string(), exp: z.int() }),
])
type Claims = z.infer<typeof claims>

/** `role`, `name` and `device` are for other readers of the token; this server goes by its records. */
function payloadOf(identity: Identity): JWTPayload {
  const common = { kind: identity.kind, role: identity.role, name: identity.name }
  switch (identity.kind) {
    case 'user':
      return { ...common, sid: identity.sessionId }
    case 'device':
      return { ...common, sid: identity.sessionId, device: identity.device }
    case 'key':
      return { ...common, key: identity.keyId, scopes: identity.scopes }
    case 'local':
      return common
    default:
      return identity satisfies never
  }
}

function holderOf(known: Claims): Holder {
  switch (known.kind) {
    case 'user':
    case 'device':
      return { kind: known.kind, userId: known.sub, sessionId: known.sid }
    case 'key':
      return { kind: 'key', userId: known.sub, keyId: known.key }
    case 'local':
      return { kind: 'local', userId: 'local', name: known.name, role: 'admin' }
    default:
      return known satisfies never
  }
}

function createSigningKey({ betterAuth, clock }: AccessTokensParts) {
  let current: { readonly key: ReturnType<typeof load>; readonly until: number } | undefined
  async function load() {
    // Of an endpoint's context only this part is used, and calling it this way spares an HTTP-shaped round trip.
    const context = { context: await betterAuth.$context } as Parameters<typeof resolveSigningKey>[0]
    const key = await resolveSigningKey(context, betterAuth.jwtOptions)
    if (key === null) throw new Error('better-auth has no signing key')
    return key
  }
  return () => {
    if (current === undefined || current.until <= clock()) {
      const key = load()
      current = { key, until: clock() + signingKeyMs }
      key.catch(() => {
        current = undefined
      })
    }
    return current.key
  }
}

function createPublicKeys({ betterAuth, database }: AccessTokensParts) {
  let set: ReturnType<typeof load> | undefined
  async function load() {
    const { keys } = await betterAuth.api.getJwks()
    return createLocalJWKSet({ keys: keys as Parameters<typeof createLocalJWKSet>[0]['keys'] })
  }
  function read() {
    const reading = load()
    set = reading
    reading.catch(() => {
      if (set === reading) set = undefined
    })
    return reading
  }
  /** Made since the set was read, perhaps by another process. What nobody made is looked up in microseconds. */
  function isNew(kid: string | undefined): boolean {
    return kid !== undefined && database.get('select 1 from jwks where id = ?', kid) !== undefined
  }
  return async (header: JWSHeaderParameters) => {
    const find = await (set ?? read())
    try {
      return await find(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !isNew(header.kid)) throw error
      return await (await read())(header)
    }
  }
}

function forgetOldest(verified: Map<string, Claims>): void {
  if (verified.size <= maxVerified) return
  for (const hash of verified.keys()) {
    verified.delete(hash)
    return
  }
}
