import type { ConnectRequest, RecoveryRequest } from '#protocol/client-protocol.ts'
import { type CloseReason, closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { SubscriptionGrant } from '#server/auth/auth.ts'
import type { Client } from './client.ts'
import { subscribePushText } from './encode.ts'
import { askToSubscribe } from './hook-events.ts'
import { allowed } from './hooks.ts'
import type { StreamPosition } from './hub.ts'
import { openSubscription, type SubscriptionTerms } from './open-subscription.ts'
import { pushUnsubscribe } from './subscription.ts'
import { textFrame } from './text-frame.ts'

/** What a connect result tells of the channels the client is in from the start. */
export interface Joined {
  /** JSON text: subscribe results by channel. Null when there are none. */
  readonly subs: string | null
  /** JSON text for the application. */
  readonly greeting?: string
  /** To be run right behind the reply, in the same turn. */
  readonly afterReply: () => void
}

export const noChannels: Joined = { subs: null, afterReply: () => {} }

/** What becomes of a client that is being let in. */
export type Joining =
  | { readonly kind: 'joined'; readonly joined: Joined }
  | { readonly kind: 'error'; readonly error: ReplyErrorName }
  | { readonly kind: 'close'; readonly reason: CloseReason }

/**
 * The channels a client that connects is subscribed to: its personal one, where that is configured, those its token
 * names, and those it names itself because it was in them before, as far as it could subscribe to them. The rest of what
 * it names is passed over; what its token names has to be.
 */
export function serverChannels(
  client: Client,
  { subs }: ConnectRequest,
  grants: readonly SubscriptionGrant[],
):
  | { readonly kind: 'channels'; readonly channels: readonly SubscriptionTerms[] }
  | Exclude<Joining, { kind: 'joined' }> {
  const { access, limits, personalPrefix } = client.services
  if (personalPrefix === null && subs === undefined && grants.length === 0) return nothingAsked
  const asked = new Map(Object.entries(subs ?? {}))
  const terms = new Map<string, SubscriptionTerms>()
  if (personalPrefix !== null && client.identity.userId !== '') add(personalPrefix + client.identity.userId, 'server')
  for (const { channel, info, data, override } of grants) {
    const admitted = access.admit(channel)
    if (!admitted.ok) return { kind: 'error', error: admitted.error }
    const policy = { ...admitted.policy, ...override }
    terms.set(channel, { ...{ channel, policy, origin: 'server', info, data }, ...recoveryOf(asked.get(channel)) })
  }
  if (terms.size > limits.maxChannels) return { kind: 'close', reason: closeReasons.channelLimit }
  for (const channel of asked.keys()) {
    if (terms.size >= limits.maxChannels) break
    if (!terms.has(channel)) add(channel, 'connect')
  }
  return { kind: 'channels', channels: [...terms.values()] }

  function add(channel: string, origin: 'connect' | 'server'): void {
    const allowed = access.check(client.identity, 'subscribe', channel)
    if (!allowed.ok) return
    terms.set(channel, { ...{ channel, policy: allowed.policy, origin }, ...recoveryOf(asked.get(channel)) })
  }
}

const nothingAsked = { kind: 'channels', channels: [] } as const

/**
 * Subscribes a client that has not been told yet that it is connected. All that it recovers goes into one reply, so what
 * one channel delivers is no more there for the next.
 */
export async function joinChannels(client: Client, channels: readonly SubscriptionTerms[]): Promise<Joined> {
  let recoveryBytes = client.services.limits.outboxBytes / 2
  const results: string[] = []
  const afterReplies: (() => void)[] = []
  for (const terms of channels) {
    // Gone meanwhile, and nothing of it may be begun any more.
    if (client.isReleased) break
    const verdict = terms.origin === 'connect' ? await askToSubscribe(client, terms.channel, undefined) : allowed
    if (verdict.kind !== 'allow') continue
    // Gone while that was decided.
    if (client.isReleased) break
    const { data = terms.data ?? null } = verdict
    const opened = await openSubscription(client, { ...terms, data, recoveryBytes })
    if (opened.kind !== 'open') continue
    recoveryBytes = Math.max(0, recoveryBytes - opened.result.length)
    results.push(`${JSON.stringify(terms.channel)}:${opened.result}`)
    afterReplies.push(opened.afterReply)
  }
  return {
    subs: `{${results.join(',')}}`,
    afterReply() {
      for (const afterReply of afterReplies) afterReply()
    },
  }
}

/** What a subscription is to be like that the server decides. */
export type ServerTerms = Pick<
  SubscriptionTerms,
  'channel' | 'policy' | 'recover' | 'joinLeave' | 'info' | 'data' | 'expiresAt'
>

/** Subscribes a connected client without its asking. Nothing happens when it is subscribed already. */
export function subscribeByServer(client: Client, terms: ServerTerms): void {
  const { limits, log } = client.services
  const { channel } = terms
  client.inOrder(channel, async () => {
    if (client.isReleased || client.subscriptions.has(channel)) return
    if (client.subscriptions.size >= limits.maxChannels) {
      client.close(closeReasons.channelLimit)
      return
    }
    try {
      const opened = await openSubscription(client, { ...terms, origin: 'server' })
      // Who goes in this very turn must not be joined to what it has left.
      if (opened.kind !== 'open' || client.isReleased) return
      client.outbox.push(textFrame(subscribePushText(channel, opened.result)))
      opened.afterReply()
    } catch (error) {
      // It would wait for publications in vain: connecting again it is told what it is in.
      log.error({ err: error, channel }, 'subscribing by the server failed on our side')
      client.close(closeReasons.internalError)
    }
  })
}

/** Ends a subscription of whichever kind, if there is one. */
export function unsubscribeByServer(client: Client, channel: string): void {
  client.inOrder(channel, async () => {
    const subscription = client.subscriptions.get(channel)
    if (subscription) pushUnsubscribe(client, subscription, unsubscribeReasons.server)
  })
}

function recoveryOf(request: RecoveryRequest | undefined): Pick<SubscriptionTerms, 'recover' | 'deltas'> {
  const recover: StreamPosition | null = request?.recover
    ? { offset: request.offset ?? 0, epoch: request.epoch ?? '' }
    : null
  return { recover, deltas: request?.delta === 'fossil' }
}
