import { timingSafeEqual } from 'node:crypto'
import { parseCookies, serializeCookie } from 'better-call'
import type { Auth, Identified, Verified } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { DeviceRotation } from './device-rotation.ts'
import { type KeyIdentity, type Keys, keyPrefix } from './keys.ts'
import type { Grants } from './oauth/grants.ts'
import { accessTokenPrefix } from './oauth/limits.ts'
import { requestOrigin } from './origin.ts'
import { bearerIn, keyIn } from './presented.ts'
import { hashToken } from './random-token.ts'
import { type SessionLifetimes, sessionUpdateAgeMs } from './session-lifetimes.ts'
import { signSessionToken, verifySessionToken } from './session-token.ts'
import type { CurrentSession, Sessions } from './sessions.ts'
import { spanInWords } from './token-times.ts'

export interface IdentifyParts {
  readonly betterAuth: BetterAuth
  readonly sessions: Sessions
  readonly keys: Keys
  readonly grants: Pick<Grants, 'ofToken'>
  readonly rotation: Pick<DeviceRotation, 'takeOver'>
  readonly lifetimes: SessionLifetimes
  readonly secret: string
  readonly verifyAccessToken: Auth['verifyAccessToken']
  /** A header that may hold a session token as well; null for none. */
  readonly tokenHeader: string | null
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
    if (isJwt(presented)) throw await misplacedJwt(presented)
    const token = verifySessionToken(presented, secret)
    const session = token === null ? null : await sessions.ofToken(token)
    if (session === null) {
      throw new AuthError('invalid_token', 'The session has ended or never was. Sign in again.')
    }
    await extend(parts, session)
    const { identity: found, isSuccessor } = session
    const identity = isSuccessor && found.kind === 'device' ? await parts.rotation.takeOver(found) : found
    return { identity, by: 'bearer', cookies: [] }
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
    // A program's token, or a screen's, is none of a browser's: it lives for longer.
    if (session === null || session.kind !== 'browser') return null
    const isExtended = await extend(parts, session)
    const { name, attributes } = authCookies.sessionToken
    const renewed = isExtended ? [serializeCookie(name, signSessionToken(session.token, secret), attributes)] : []
    return { identity: session.identity, by: 'cookie', cookies: renewed }
  }

  /** What is wrong with it, or that it is for something else. */
  async function misplacedJwt(presented: string): Promise<AuthError> {
    const verified = await parts.verifyAccessToken(presented)
    return new AuthError('invalid_token', sentenceOf(verified))
  }

  /** The token of either header. Two that differ are two people: neither is believed. */
  function bearerOf(headers: Headers): string | undefined {
    const bearer = bearerIn(headers) ?? undefined
    const bare = parts.tokenHeader === null ? undefined : headers.get(parts.tokenHeader)?.trim() || undefined
    if (bearer === undefined || bare === undefined || bearer === bare) return bearer ?? bare
    const sentence = `Send one token: those in Authorization and ${parts.tokenHeader} are not the same.`
    throw new AuthError('bad_request', sentence)
  }

  return async (headers) => {
    const bearer = bearerOf(headers)
    if (bearer !== undefined) return byBearer(bearer)
    const key = keyIn(headers)
    if (key !== null) return byKey(key)
    const cookie = headers.get('cookie')
    return cookie === null ? null : byCookie(cookie)
  }
}

/** Session tokens have one dot. */
const isJwt = (presented: string) => presented.split('.').length === 3

function sentenceOf(verified: Verified): string {
  if (verified.ok) return 'This is an access token, which opens a socket. Send the session token that it was had with.'
  const span = spanInWords(verified.bySeconds ?? 0)
  if (verified.reason === 'expired') {
    return `This token expired ${span} ago by the clock of this server. Fetch another one; should that be refused too, set the clock of whoever signs it.`
  }
  if (verified.why === 'clock') {
    return `This token is from the future: it begins ${span} from now by the clock of this server. Set the clocks of this server and of whoever signs it, and fetch another one.`
  }
  return 'This token is not one of this server, or its session has ended. Sign in again.'
}

const configured: KeyIdentity = {
  ...{ kind: 'key', userId: 'http_api.key', keyId: 'http_api.key', name: 'http_api.key', role: 'admin' },
  scopes: ['publish', 'subscribe', 'admin'],
  isConfigured: true,
}

/** Writes the use of a session down, at most once a minute; says whether it did. */
async function extend({ betterAuth, lifetimes, clock }: IdentifyParts, session: CurrentSession): Promise<boolean> {
  const now = clock()
  if (now - session.usedAt < sessionUpdateAgeMs) return false
  const { idleMs, absoluteMs } = lifetimes[session.kind]
  const expiresAt = new Date(Math.min(now + idleMs, session.startedAt + absoluteMs))
  const { internalAdapter } = await betterAuth.$context
  const { address, userAgent } = requestOrigin()
  await internalAdapter.updateSession(session.token, {
    ...{ expiresAt, updatedAt: new Date(now) },
    // Where it was last used from; nobody asked when the server looks by itself.
    ...(address !== '' && { ipAddress: address, userAgent }),
  })
  return true
}
