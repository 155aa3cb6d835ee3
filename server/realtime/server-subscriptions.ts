import type { ConnectRequest, RecoveryRequest } from '#protocol/client-protocol.ts'
import { closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { Client } from './client.ts'
import { subscribePushText } from './encode.ts'
import { askToSubscribe } from './hook-events.ts'
import type { Verdict } from './hooks.ts'
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

const allowed: Extract<Verdict, { kind: 'allow' }> = { kind: 'allow' }

export const noChannels: Joined = { subs: null, afterReply: () => {} }

/**
 * The channels a client that connects is subscribed to: its personal one, where that is configured, and those it names
 * because it was in them before, as far as it could subscribe to them itself. The rest of what it names is passed over.
 */
export function serverChannels(client: Client, { subs }: ConnectRequest): readonly SubscriptionTerms[] {
  const { access, limits, personalChannel } = client.services
  const asked = new Map(Object.entries(subs ?? {}))
  const terms: SubscriptionTerms[] = []
  const own = `#${client.identity.userId}`
  if (personalChannel && client.identity.userId !== '') add(own, 'server')
  for (const channel of asked.keys()) {
    if (terms.length >= limits.maxChannels) break
    if (!terms.some((each) => each.channel === channel)) add(channel, 'connect')
  }
  return terms

  function add(channel: string, origin: 'connect' | 'server'): void {
    const allowed = access.check(client.identity, 'subscribe', channel)
    if (allowed.ok) terms.push({ channel, policy: allowed.policy, origin, recover: positionOf(asked.get(channel)) })
  }
}

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
    const opened = await openSubscription(client, { ...terms, recoveryBytes })
    if (opened.kind !== 'open') continue
    recoveryBytes = Math.max(0, recoveryBytes - opened.result.length)
    results.push(`${JSON.stringify(terms.channel)}:${withData(opened.result, verdict.data)}`)
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
export interface ServerTerms extends Pick<SubscriptionTerms, 'channel' | 'policy' | 'recover' | 'joinLeave'> {
  /** JSON text for the application. */
  readonly data?: string
}

/** Subscribes a connected client without its asking. Nothing happens when it is subscribed already. */
export function subscribeByServer(client: Client, { data, ...terms }: ServerTerms): void {
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
      if (opened.kind !== 'open') return
      client.outbox.push(textFrame(subscribePushText(channel, withData(opened.result, data))))
      opened.afterReply()
    } catch (error) {
      // It would wait for publications in vain: connecting again it is told what it is in.
      log.error({ err: error, channel }, 'subscribing by the server failed on our side')
      client.close(closeReasons.internalError)
    }
  })
}

/** Adds what the application tells to a subscribe result. Both are JSON text. */
export function withData(result: string, data: string | undefined): string {
  if (data === undefined) return result
  return result === '{}' ? `{"data":${data}}` : `${result.slice(0, -1)},"data":${data}}`
}

/** Ends a subscription of whichever kind, if there is one. */
export function unsubscribeByServer(client: Client, channel: string): void {
  client.inOrder(channel, async () => {
    const subscription = client.subscriptions.get(channel)
    if (subscription) pushUnsubscribe(client, subscription, unsubscribeReasons.server)
  })
}

function positionOf(request: RecoveryRequest | undefined): StreamPosition | null {
  return request?.recover ? { offset: request.offset ?? 0, epoch: request.epoch ?? '' } : null
}
