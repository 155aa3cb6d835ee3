import { decodeJwt } from 'jose'
import { subscriptionTokenSettings } from '#server/config/client.ts'
import type { Auth, Verified, VerifiedConnection } from './auth.ts'
import type { SiteSettings } from './create-auth.ts'
import type { Grants } from './oauth/grants.ts'
import { accessTokenPrefix } from './oauth/limits.ts'
import type { SigningKeys } from './signing-keys.ts'
import { createSiteTokens } from './site-tokens.ts'
import type { SubscriptionTokens } from './subscription-tokens.ts'
import { connectionClaims, subscriptionClaims } from './token-claims.ts'

/** Longest token that is looked at. The site's may carry channels and information about the user. */
const maxTokenLength = 16_384

export interface SocketTokensParts {
  readonly signingKeys: SigningKeys
  readonly accessTokens: Pick<Auth, 'verifyAccessToken'>
  readonly subscriptionTokens: SubscriptionTokens
  readonly grants: Pick<Grants, 'ofToken'>
  readonly site: SiteSettings | undefined
  readonly clock: () => number
}

/**
 * Tokens of this server and of the site's own backend. A token that names a key of this server, or it as its issuer, is
 * looked at with this server's keys alone, and any other with the site's: it is never tried until something fits.
 */
export function createSocketTokens(
  parts: SocketTokensParts,
): Pick<Auth, 'verifyConnectionToken' | 'verifySubscriptionToken'> {
  const { site, clock, signingKeys, accessTokens, subscriptionTokens, grants } = parts
  const connections = site && createSiteTokens(site.token, clock)
  const subscriptions = site && createSiteTokens(subscriptionTokenSettings(site), clock)

  return {
    verifyConnectionToken(token) {
      if (token.startsWith(accessTokenPrefix)) return byGrant(token)
      if (!isOurs(token)) return bySite(token)
      const verified = accessTokens.verifyAccessToken(token)
      return verified instanceof Promise ? verified.then(ownConnection) : ownConnection(verified)
    },
    async verifySubscriptionToken(token) {
      if (token.length > maxTokenLength) return { ok: false, reason: 'invalid', why: 'malformed' }
      const verified = isOurs(token) ? await subscriptionTokens.verify(token) : await subscriptions?.verify(token)
      if (!verified?.ok) return verified ?? { ok: false, reason: 'invalid', why: 'unknown key' }
      const claims = subscriptionClaims.safeParse(verified.claims)
      if (!claims.success) return { ok: false, reason: 'invalid', why: 'claims' }
      if (isOver(claims.data.expiresAt)) return { ok: false, reason: 'expired' }
      return { ok: true, ...claims.data }
    },
  }

  /** One that was revoked is told as one that has expired: whoever refreshes it finds out. */
  async function byGrant(token: string): Promise<VerifiedConnection> {
    const identity = await grants.ofToken(token)
    if (identity === null) return { ok: false, reason: 'expired' }
    return { ok: true, identity, expiresAt: identity.expiresAt, grants: [] }
  }

  async function bySite(token: string): Promise<VerifiedConnection> {
    if (token.length > maxTokenLength) return { ok: false, reason: 'invalid', why: 'malformed' }
    if (!connections) return { ok: false, reason: 'invalid', why: 'unknown key' }
    const verified = await connections.verify(token)
    return verified.ok ? connectionOf(verified.claims) : verified
  }

  /** Nobody else writes the header that names a key of ours; all else is told by what it says of its issuer. */
  function isOurs(token: string): boolean {
    if (signingKeys.keyOf(token.slice(0, token.indexOf('.'))) !== null) return true
    try {
      return decodeJwt(token).iss === signingKeys.issuer
    } catch {
      // What is no token at all is told so by whoever verifies it.
      return false
    }
  }

  function connectionOf(payload: unknown): VerifiedConnection {
    const claims = connectionClaims.safeParse(payload)
    if (!claims.success) return { ok: false, reason: 'invalid', why: 'claims' }
    const { userId, info, meta, expiresAt, grants } = claims.data
    if (isOver(expiresAt)) return { ok: false, reason: 'expired' }
    if (userId === '' && site?.disallow_anonymous_connection_tokens)
      return { ok: false, reason: 'anonymous', why: 'claims' }
    return { ok: true, identity: { kind: 'external', userId, name: userId, info, meta }, expiresAt, grants }
  }

  function isOver(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt * 1000 <= clock()
  }
}

function ownConnection(verified: Verified): VerifiedConnection {
  return verified.ok ? { ...verified, grants: [] } : verified
}
