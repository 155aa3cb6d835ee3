import { type CloseReason, closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { Namespace } from '#server/config/namespaces.ts'
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
  const { broker, interest, log } = client.services
  if (subscription.counted) interest.release(channel)
  if (!live) return
  if (policy.presence) {
    broker
      .removePresence(channel, client.id)
      .catch((error: unknown) => log.error({ err: error, channel }, 'presence was not removed'))
  }
  if (policy.join_leave) announce(client, channel, 'leave')
  tellUnsubscribed(client, channel, reason)
}

/** Tells the others that this client has come or gone. */
export function announce({ info, services }: Client, channel: string, kind: 'join' | 'leave'): void {
  services.broker
    .announce(channel, kind, info)
    .catch((error: unknown) => services.log.warn({ err: error, channel }, `a ${kind} was not announced`))
}

/** Ends a subscription and tells the client why. From code 2500 on it subscribes again. */
export function pushUnsubscribe(client: Client, subscription: Subscription, reason: CloseReason): void {
  endSubscription(client, subscription, reason)
  client.outbox.push(textFrame(unsubscribePushText(subscription.channel, reason)))
}

/** It must subscribe again; what the server subscribed it to it gets back by connecting again. */
export function lostPosition(client: Client, subscription: Subscription): void {
  if (subscription.origin !== 'client') {
    client.close(closeReasons.insufficientState)
    return
  }
  pushUnsubscribe(client, subscription, unsubscribeReasons.insufficientState)
}
