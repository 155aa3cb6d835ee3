import { type CloseReason, closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { atInstant } from './at-instant.ts'
import type { Client } from './client.ts'
import { unsubscribePushText } from './encode.ts'
import { tellUnsubscribed } from './hook-events.ts'
import { textFrame } from './text-frame.ts'

/** One channel on one connection, from the moment it is being subscribed to. */
export interface Subscription {
  readonly channel: string
  readonly policy: Namespace
  /**
   * client: it subscribed. connect: it named the channel when it connected. server: it was not asked. The SDK subscribes
   * again by itself only to what is of the first kind.
   */
  readonly origin: 'client' | 'connect' | 'server'
  /** A token let the client in: what its role may do is another matter. */
  readonly byToken: boolean
  /** JSON text that the others in the channel see with this client. */
  info: string | null
  /** Seconds since 1970; null when only its connection ends it. */
  expiresAt: number | null
  cancelExpiry: () => void
  /** Takes it out of the hub, at whatever stage it is. */
  release: () => void
  /** Whether it counts among those for whom this node is told of the channel. */
  counted: boolean
  /** Whether the reply has been sent and others may have seen it come. */
  live: boolean
}

/** Ends a subscription silently: for an unsubscribe of the client's own, and when its connection goes. */
export function endSubscription(
  client: Client,
  subscription: Subscription,
  reason: CloseReason = unsubscribeReasons.client,
): void {
  const { channel, policy, live } = subscription
  client.subscriptions.delete(channel)
  subscription.release()
  subscription.cancelExpiry()
  const { broker, interest, log } = client.services
  if (subscription.counted) interest.release(channel)
  if (!live) return
  if (policy.presence) {
    broker
      .removePresence(channel, client.id)
      .catch((error: unknown) => log.error({ err: error, channel }, 'presence was not removed'))
  }
  if (policy.join_leave) announce(client, subscription, 'leave')
  tellUnsubscribed(client, channel, reason)
}

/** Tells the others that this client has come or gone. */
export function announce(client: Client, subscription: Subscription, kind: 'join' | 'leave'): void {
  const { services } = client
  const { channel } = subscription
  services.broker
    .announce(channel, kind, client.infoIn(subscription))
    .catch((error: unknown) => services.log.warn({ err: error, channel }, `a ${kind} was not announced`))
}

/** Tells who is there. */
export function showPresence(client: Client, subscription: Subscription): void {
  const { broker, log } = client.services
  const { channel } = subscription
  broker
    .addPresence(channel, client.infoIn(subscription))
    .catch((error: unknown) => log.error({ err: error, channel }, 'presence was not added'))
}

/**
 * Ends a subscription unless it has been refreshed some time after then: the client subscribes again with another token,
 * or comes back when the server had subscribed it.
 */
export function expireAt(client: Client, subscription: Subscription, expiresAt: number | null): void {
  const { clock, limits } = client.services
  subscription.cancelExpiry()
  subscription.expiresAt = expiresAt
  // It may have ended already, with everything of its client.
  if (expiresAt === null || client.subscriptions.get(subscription.channel) !== subscription) return
  subscription.cancelExpiry = atInstant(expiresAt * 1000 + limits.refreshGraceMs, clock, () => {
    if (subscription.origin === 'client') pushUnsubscribe(client, subscription, unsubscribeReasons.expired)
    else client.close(closeReasons.subscriptionExpired)
  })
}

/** Ends a subscription and tells the client why. From code 2500 on it subscribes again. */
export function pushUnsubscribe(client: Client, subscription: Subscription, reason: CloseReason): void {
  endSubscription(client, subscription, reason)
  client.outbox.push(textFrame(unsubscribePushText(subscription.channel, reason)))
}

/**
 * It must subscribe again; what the server subscribed it to it gets back by connecting again. So does a client that would
 * go on for ever: it subscribes again at once, and connects again after a while.
 */
export function lostPosition(client: Client, subscription: Subscription): void {
  if (subscription.origin !== 'client' || !client.mayLosePlace()) {
    client.close(closeReasons.insufficientState)
    return
  }
  pushUnsubscribe(client, subscription, unsubscribeReasons.insufficientState)
}
