import { type SubscribeRequest, strictRecoveryFlag } from '#protocol/client-protocol.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import type { Client } from './client.ts'
import { askToSubscribe, refusalBy } from './hook-events.ts'
import { openSubscription } from './open-subscription.ts'
import { closed, failed, type Outcome, silence } from './outcome.ts'
import { withData } from './server-subscriptions.ts'
import { type ParsedFilter, parseTagFilter } from './tag-filter.ts'

/** Subscribes to a channel because the client asks for it. */
export async function subscribe(client: Client, request: SubscribeRequest): Promise<Outcome> {
  const { access, limits } = client.services
  const { channel } = request
  if ((request.type ?? 0) !== 0) return failed('notAvailable', 'only stream subscriptions (type 0) are available')
  if (request.delta !== undefined && !knownDeltas.includes(request.delta)) return closed(closeReasons.badRequest)
  const allowed = access.check(client.identity, 'subscribe', channel)
  if (!allowed.ok) return failed(allowed.error, allowed.message)
  const verdict = await askToSubscribe(client, channel, request.data)
  if (verdict.kind !== 'allow') return refusalBy(verdict)
  if (client.isReleased) return silence
  if (client.subscriptions.has(channel)) return failed('alreadySubscribed')
  if (client.subscriptions.size >= limits.maxChannels) {
    return failed('limitExceeded', `a client has at most ${limits.maxChannels} channels`)
  }
  const { policy } = allowed
  const filter = filterOf(request, policy)
  if (!filter.ok) return failed('badRequest', filter.message)
  const opened = await openSubscription(client, {
    ...{ channel, policy, origin: 'client', filter: filter.filter },
    deltas: request.delta === 'fossil',
    joinLeave: request.join_leave === true,
    recover: request.recover ? { offset: request.offset ?? 0, epoch: request.epoch ?? '' } : null,
    strict: ((request.flag ?? 0) & strictRecoveryFlag) !== 0,
  })
  switch (opened.kind) {
    case 'open':
      return { kind: 'result', result: withData(opened.result, verdict.data), afterReply: opened.afterReply }
    case 'unrecoverable':
      return failed('unrecoverablePosition')
    case 'gone':
      return silence
    default:
      return opened satisfies never
  }
}

function filterOf(
  { tf, delta }: SubscribeRequest,
  policy: Namespace,
): ParsedFilter | { readonly ok: true; readonly filter: null } {
  if (tf === undefined || tf === null) return { ok: true, filter: null }
  if (!policy.allow_tags_filter) return { ok: false, message: 'tag filters are not allowed in this namespace' }
  if (delta) return { ok: false, message: 'a subscription has a tag filter or deltas, not both' }
  return parseTagFilter(tf)
}

/** Known by name; another one is a violation of the protocol. */
const knownDeltas: readonly string[] = ['', 'fossil']
