import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Authenticator } from './realtime.ts'

export type Authenticated =
  /** `expiresAt` is in seconds since 1970; null when the end of the session ends the connection. */
  | {
      readonly kind: 'identity'
      readonly identity: Identity
      readonly expiresAt: number | null
      /** JSON text for the application, told in the connect result. */
      readonly greeting?: string
    }
  /** With a code it is an error of the application's own. */
  | { readonly kind: 'error'; readonly error: ReplyErrorName; readonly message?: string; readonly code?: number }
  | { readonly kind: 'close'; readonly reason: CloseReason }

/** A one-time ticket, told from a JWT by its form. */
export function isTicket(token: string): boolean {
  return token.startsWith('tkt_')
}

/**
 * Who is connecting: whom the upgrade already knew, or whom the token of the connect command says. A used or expired
 * ticket is answered as an expired token, because then the SDK fetches another one and comes back.
 */
export async function authenticate(
  authenticator: Authenticator,
  known: Identity | null,
  token: string | undefined,
): Promise<Authenticated> {
  if (known) return { kind: 'identity', identity: known, expiresAt: null }
  if (token === undefined || token === '') return { kind: 'close', reason: closeReasons.noToken }
  if (isTicket(token)) {
    const identity = await authenticator.redeemTicket(token)
    return identity ? { kind: 'identity', identity, expiresAt: null } : { kind: 'error', error: 'tokenExpired' }
  }
  const verified = await authenticator.verifyAccessToken(token)
  if (verified.ok) return { kind: 'identity', identity: verified.identity, expiresAt: verified.expiresAt }
  if (verified.reason === 'expired') return { kind: 'error', error: 'tokenExpired' }
  return { kind: 'close', reason: closeReasons.invalidToken }
}
