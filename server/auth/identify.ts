import { timingSafeEqual } from 'node:crypto'
import { parseCookies, serializeCookie } from 'better-call'
import type { Auth, Identified } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import { type KeyIdentity, type Keys, keyPrefix } from './keys.ts'
import type { Grants } from './oauth/grants.ts'
import { accessTokenPrefix } from './oauth/limits.ts'
import { hashToken } from './random-token.ts'
import { signSessionToken, verifySessionToken } from './session-token.ts'
import { type CurrentSession, type Sessions, sessionLifetimes, sessionUpdateAgeMs } from './sessions.ts'

export interface IdentifyParts {
  readonly betterAuth: BetterAuth
  readonly sessions: Sessions
  readonly keys: Keys
  readonly grants: Pick<Grants, 'ofToken'>
  readonly secret: string
  /** The key that the configuration names, if it does. */
  readonly configuredKey?: string | undefined
  readonly clock: () => number
}

/**
 * Who sent a request. This does what better-auth's session endpoint does, without the endpoint: a look-up by index
 * instead of some two milliseconds, for every request there is; and it knows that devices' sessions are longer.
 */
export function createIdentify(parts: IdentifyParts): Auth['identify'] {
  const { betterAuth, sessions, keys, grants, secret } = parts

  async function byBearer(presented: string): Promise<Identified> {
    if (presented.startsWith(accessTokenPrefix)) return byGrant(presented)
    if (presented.startsWith(keyPrefix)) {
      throw new AuthError('invalid_token', 'API keys go in X-API-Key, and sessions in Authorization: Bearer.')
    }
    const token = verifySessionToken(presented, secret)
    const session = token === null ? null : await sessions.ofToken(token)
    if (session === null) {
      throw new AuthError('invalid_token', 'The session has ended or never was. Sign in again.')
    }
    await extend(parts, session)
    return { identity: session.identity, by: 'bearer', cookies: [] }
  }

  async function byGrant(presented: string): Promise<Identified> {
    const identity = await grants.ofToken(presented)
    if (identity === null) {
      throw new AuthError('invalid_token', 'The OAuth access token has expired or was revoked. Refresh it.')
    }
    return { identity, by: 'bearer', cookies: [] }
  }

  async function byKey(presented: string): Promise<Identified> {
    const identity = isConfigured(presented) ? configured : await keys.ofKey(presented)
    if (identity === null) {
      throw new AuthError('invalid_token', 'The API key is not valid or has been revoked. Use another one.')
    }
    return { identity, by: 'key', cookies: [] }
  }

  /** Hashes of equal length are compared, which takes equally long whatever is presented. */
  function isConfigured(presented: string): boolean {
    if (parts.configuredKey === undefined) return false
    return timingSafeEqual(Buffer.from(hashToken(presented)), Buffer.from(hashToken(parts.configuredKey)))
  }

  async function byCookie(header: string): Promise<Identified | null> {
    const { authCookies } = await betterAuth.$context
    const cookies = parseCookies(header)
    const presented = cookies.get(authCookies.sessionToken.name)
    const token = presented === undefined ? null : verifySessionToken(presented, secret)
    const session = token === null ? null : await sessions.ofToken(token)
    if (session === null) return null
    const isExtended = await extend(parts, session)
    const { name, attributes } = authCookies.sessionToken
    const renewed = isExtended ? [serializeCookie(name, signSessionToken(session.token, secret), attributes)] : []
    return { identity: session.identity, by: 'cookie', cookies: renewed }
  }

  return async (headers) => {
    const bearer = /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
    if (bearer !== undefined) return byBearer(bearer)
    // Older libraries of Centrifugo send it so.
    const key = headers.get('x-api-key') ?? /^apikey +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null
    if (key !== null) return byKey(key)
    const cookie = headers.get('cookie')
    return cookie === null ? null : byCookie(cookie)
  }
}

const configured: KeyIdentity = {
  ...{ kind: 'key', userId: 'http_api.key', keyId: 'http_api.key', name: 'http_api.key', role: 'admin' },
  scopes: ['publish', 'subscribe', 'admin'],
  isConfigured: true,
}

/** Writes the use of a session down, at most once a minute; says whether it did. */
async function extend({ betterAuth, clock }: IdentifyParts, session: CurrentSession): Promise<boolean> {
  const now = clock()
  if (now - session.usedAt < sessionUpdateAgeMs) return false
  const { idleMs, absoluteMs } = sessionLifetimes[session.identity.kind === 'device' ? 'device' : 'person']
  const expiresAt = new Date(Math.min(now + idleMs, session.startedAt + absoluteMs))
  const { internalAdapter } = await betterAuth.$context
  await internalAdapter.updateSession(session.token, { expiresAt, updatedAt: new Date(now) })
  return true
}
