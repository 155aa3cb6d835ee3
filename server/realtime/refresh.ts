import type { RefreshRequest, RefreshResult } from '#protocol/client-protocol.ts'
import { closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { Client } from './client.ts'
import { within } from './deadline.ts'
import { closed, failed, type Outcome } from './outcome.ts'
import { pushUnsubscribe } from './subscription.ts'

/**
 * Prolongs a connection with a fresh token of the same user. An expired token is never answered with an error, which
 * would end the client for good: 3005 makes it come back with another.
 */
export async function refresh(client: Client, { token }: RefreshRequest): Promise<Outcome> {
  const { authenticator, registry, limits, clock, version } = client.services
  if (!client.expires) return closed(closeReasons.badRequest)
  if (token === '') return failed('badRequest', 'a refresh needs a token')
  const mark = registry.mark()
  const verified = await within(limits.answerMs, 'verifying a token', () => authenticator.verifyAccessToken(token))
  if (!verified.ok) return closed(verified.reason === 'expired' ? closeReasons.expired : closeReasons.invalidToken)
  if (verified.identity.userId !== client.identity.userId) return closed(closeReasons.invalidToken)
  if (registry.wasRevokedSince(mark, verified.identity)) return closed(closeReasons.forceDisconnect)
  client.adopt(verified.identity)
  client.expireAt(verified.expiresAt)
  const ttl = secondsUntil(verified.expiresAt, clock)
  const result: RefreshResult = { client: client.id, version, expires: true, ttl }
  return { kind: 'result', result: JSON.stringify(result), afterReply: () => dropWhatIsNoLongerAllowed(client) }
}

/** Never below 1: the SDK would refresh in a tight loop. */
export function secondsUntil(expiresAt: number, clock: () => number): number {
  return Math.max(1, Math.ceil(expiresAt - clock() / 1000))
}

/** The new token may carry another role. A subscription that is being opened is answered first. */
function dropWhatIsNoLongerAllowed(client: Client): void {
  const { access } = client.services
  for (const channel of client.subscriptions.keys()) {
    client.inOrder(channel, async () => {
      const subscription = client.subscriptions.get(channel)
      if (!subscription || subscription.origin === 'server') return
      if (access.check(client.identity, 'subscribe', channel).ok) return
      pushUnsubscribe(client, subscription, unsubscribeReasons.server)
    })
  }
}

/** Subscriptions do not expire by themselves here. */
export function refreshSubscription(client: Client, { channel }: { readonly channel: string }): Outcome {
  return client.subscriptions.has(channel) ? failed('notAvailable') : failed('permissionDenied')
}
