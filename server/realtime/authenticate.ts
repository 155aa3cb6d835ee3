import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { SubscriptionGrant, TokenFault, VerifiedConnection } from '#server/auth/auth.ts'
import type { SocketIdentity } from '#server/auth/identity.ts'
import { clockToleranceSeconds } from '#server/auth/token-times.ts'
import type { Authenticator } from './realtime.ts'

export type Authenticated =
  | LetIn
  /** With a code it is an error of the application's own. */
  | { readonly kind: 'error'; readonly error: ReplyErrorName; readonly message?: string; readonly code?: number }
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly why?: TokenFault | undefined }

export interface LetIn {
  readonly kind: 'identity'
  readonly identity: SocketIdentity
  /** Seconds since 1970; null when the end of the session ends the connection. */
  readonly expiresAt: number | null
  /** Channels it is in from the start. */
  readonly grants: readonly SubscriptionGrant[]
  /** JSON text for the application, told in the connect result. */
  readonly greeting?: string
}

/** A one-time ticket, told from a JWT by its form. */
export function isTicket(token: string): boolean {
  return token.startsWith('tkt_')
}

/**
 * Who is connecting: whom the upgrade already knew, or whom the token of the connect command says. A used or expired
 * ticket is answered as an expired token, because then the SDK fetches another one and comes back.
 */
export function authenticate(
  authenticator: Authenticator,
  known: SocketIdentity | null,
  token: string | undefined,
): Authenticated | Promise<Authenticated> {
  if (known) return letIn(known)
  if (token === undefined || token === '') {
    const { anonymous } = authenticator
    return anonymous ? letIn(anonymous) : { kind: 'close', reason: closeReasons.noToken }
  }
  if (isTicket(token)) {
    const redeemed = authenticator.redeemTicket(token)
    return redeemed instanceof Promise ? redeemed.then(byTicket) : byTicket(redeemed)
  }
  const verified = authenticator.verifyConnectionToken(token)
  return verified instanceof Promise ? verified.then(byToken) : byToken(verified)
}

function byTicket(identity: SocketIdentity | null): Authenticated {
  return identity ? letIn(identity) : { kind: 'error', error: 'tokenExpired' }
}

function byToken(verified: VerifiedConnection): Authenticated {
  if (verified.ok) return { kind: 'identity', ...verified }
  if (verified.reason === 'expired') return { kind: 'error', error: 'tokenExpired', ...sinceWhen(verified) }
  return { kind: 'close', reason: refusalReason(verified), why: verified.why }
}

/** Whom the token of a refresh says. */
export async function verifyToken(authenticator: Authenticator, token: string): Promise<VerifiedConnection> {
  if (!isTicket(token)) return authenticator.verifyConnectionToken(token)
  const identity = await authenticator.redeemTicket(token)
  return identity ? { ok: true, identity, ...termsOf(identity) } : { ok: false, reason: 'expired' }
}

/** What ends a client for good that brings such a token. */
export function refusalReason({ reason, why }: Refused): CloseReason {
  if (reason === 'anonymous') return closeReasons.permissionDenied
  return why === 'clock' ? closeReasons.wrongClock : closeReasons.invalidToken
}

type Refused = Extract<VerifiedConnection, { ok: false }>

/** A token that ended long ago was kept too long, or comes from where the clock is slow. */
function sinceWhen({ bySeconds = 0 }: Refused): { message?: string } {
  if (bySeconds <= clockToleranceSeconds) return {}
  return { message: `token expired ${bySeconds} s ago by the clock of the server` }
}

function letIn(identity: SocketIdentity): LetIn {
  return { kind: 'identity', identity, ...termsOf(identity) }
}

/** An OAuth access token ends at its time, whoever it was that was told of it. */
function termsOf(identity: SocketIdentity): Pick<LetIn, 'expiresAt' | 'grants'> {
  return { expiresAt: identity.kind === 'grant' ? identity.expiresAt : null, grants: [] }
}
