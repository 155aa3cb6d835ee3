import type { RefreshRequest, RefreshResult, SubRefreshRequest } from '#protocol/client-protocol.ts'
import { closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import { verifyFor } from './admit.ts'
import { refusalReason, verifyToken } from './authenticate.ts'
import type { Client } from './client.ts'
import { within } from './deadline.ts'
import { closed, failed, type Outcome, silence } from './outcome.ts'
import { expireAt, pushUnsubscribe, showPresence } from './subscription.ts'

/**
 * Prolongs a connection with a fresh token of the same user. An expired token is never answered with an error, which
 * would end the client for good: 3005 makes it come back with another.
 */
export async function refresh(client: Client, { token }: RefreshRequest): Promise<Outcome> {
  const { authenticator, registry, limits, clock, version } = client.services
  if (!client.expires) return closed(closeReasons.badRequest)
  if (token === '') return failed('badRequest', 'a refresh needs a token')
  const mark = registry.mark()
  const verified = await within(limits.answerMs, 'verifying a token', () => verifyToken(authenticator, token))
  // It may have gone while its token was verified, and nothing would ever take it out of the registry again.
  if (client.isReleased) return silence
  if (!verified.ok) {
    return verified.reason === 'expired' ? closed(closeReasons.expired) : closed(refusalReason(verified), verified.why)
  }
  const { kind, userId } = verified.identity
  if (kind !== client.identity.kind || userId !== client.identity.userId) {
    return closed(closeReasons.invalidToken, 'for another channel, user or connection')
  }
  const revoked = registry.revokedSince(mark, verified.identity)
  if (revoked) return closed(revoked)
  client.adopt(verified.identity)
  client.expireAt(verified.expiresAt)
  const { expiresAt } = verified
  const result: RefreshResult = {
    client: client.id,
    version,
    ...(expiresAt !== null && { expires: true, ttl: secondsUntil(expiresAt, clock) }),
  }
  return { kind: 'result', result: JSON.stringify(result), afterReply: () => dropWhatIsNoLongerAllowed(client) }
}

/** Never below 1: the SDK would refresh in a tight loop. And a year is for ever. */
export function secondsUntil(expiresAt: number, clock: () => number): number {
  return Math.min(Math.max(1, Math.ceil(expiresAt - clock() / 1000)), 365 * 24 * 3600)
}

/** The new token may carry another role. A subscription that is being opened is answered first. */
function dropWhatIsNoLongerAllowed(client: Client): void {
  const { access } = client.services
  for (const channel of client.subscriptions.keys()) {
    client.inOrder(channel, async () => {
      const subscription = client.subscriptions.get(channel)
      if (!subscription || subscription.origin === 'server' || subscription.byToken) return
      if (access.check(client.identity, 'subscribe', channel).ok) return
      pushUnsubscribe(client, subscription, unsubscribeReasons.server)
    })
  }
}

/**
 * Prolongs a subscription with a fresh token. An expired one is answered as a temporary error, after which the SDK
 * fetches another; any other error would end the subscription for good.
 */
export async function refreshSubscription(client: Client, { channel, token }: SubRefreshRequest): Promise<Outcome> {
  const subscription = client.subscriptions.get(channel)
  if (!subscription) return failed('permissionDenied', 'there is no such subscription')
  if (!token) return failed('badRequest', 'a refresh needs a token')
  if (subscription.expiresAt === null) return closed(closeReasons.badRequest)
  const verified = await verifyFor(client, channel, token)
  if (!verified.ok) return failed(verified.reason === 'expired' ? 'tokenExpiredForNow' : 'permissionDenied')
  // It may have ended while the token was verified, and another one have begun.
  if (client.subscriptions.get(channel) !== subscription) {
    return failed('permissionDenied', 'there is no such subscription')
  }
  const { expiresAt, grant } = verified
  const isShownOtherwise = grant.info !== subscription.info
  subscription.info = grant.info
  expireAt(client, subscription, expiresAt)
  if (isShownOtherwise && subscription.live && subscription.policy.presence) showPresence(client, subscription)
  if (expiresAt === null) return { kind: 'result', result: '{}' }
  const ttl = secondsUntil(expiresAt, client.services.clock)
  return { kind: 'result', result: JSON.stringify({ expires: true, ttl }) }
}
