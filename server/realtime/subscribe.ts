import { type SubscribeRequest, strictRecoveryFlag } from '#protocol/client-protocol.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { type Admission, admitByRules, admitByToken } from './admit.ts'
import type { Client } from './client.ts'
import { askToSubscribe, refusalBy } from './hook-events.ts'
import { allowed } from './hooks.ts'
import { type Opened, openSubscription } from './open-subscription.ts'
import { closed, failed, type Outcome, silence } from './outcome.ts'
import { type ParsedFilter, parseTagFilter } from './tag-filter.ts'

/** Subscribes to a channel because the client asks for it: at once where nobody has to be asked and nothing be read. */
export function subscribe(client: Client, request: SubscribeRequest): Outcome | Promise<Outcome> {
  const { channel, token } = request
  if ((request.type ?? 0) !== 0) return failed('notAvailable', 'only stream subscriptions (type 0) are available')
  if (request.delta !== undefined && !knownDeltas.includes(request.delta)) return closed(closeReasons.badRequest)
  if (client.subscriptions.has(channel)) return failed('alreadySubscribed')
  if (token || client.services.hooks.decides('beforeSubscribe')) return subscribeIfAllowed(client, request)
  // What was sent right behind this finds the subscription begun.
  const admission = admitByRules(client, channel)
  return admission.ok ? open(client, request, admission, null) : failed(admission.error, admission.message)
}

async function subscribeIfAllowed(client: Client, request: SubscribeRequest): Promise<Outcome> {
  const { hooks } = client.services
  const { channel, token } = request
  const admission = token ? await admitByToken(client, channel, token) : admitByRules(client, channel)
  // It may have gone while its token was verified, and nothing of it may be begun any more.
  if (client.isReleased) return silence
  if (!admission.ok) return failed(admission.error, admission.message)
  const verdict = hooks.decides('beforeSubscribe') ? await askToSubscribe(client, channel, request.data) : allowed
  if (verdict.kind !== 'allow') return refusalBy(verdict)
  if (client.isReleased) return silence
  return open(client, request, admission, verdict.data ?? null)
}

function open(
  client: Client,
  request: SubscribeRequest,
  admission: Extract<Admission, { ok: true }>,
  data: string | null,
): Outcome | Promise<Outcome> {
  const { limits } = client.services
  const { channel } = request
  if (client.subscriptions.size >= limits.maxChannels) {
    return failed('limitExceeded', `a client has at most ${limits.maxChannels} channels`)
  }
  const policy = withWishes(admission, request)
  const filter = filterOf(request, policy)
  if (!filter.ok) return failed('badRequest', filter.message)
  const opened = openSubscription(client, {
    ...admission.terms,
    data: data ?? admission.terms.data ?? null,
    ...{ channel, policy, origin: 'client', filter: filter.filter },
    deltas: request.delta === 'fossil',
    joinLeave: request.join_leave === true && mayHearOthers(client, channel),
    recover: request.recover ? { offset: request.offset ?? 0, epoch: request.epoch ?? '' } : null,
    strict: ((request.flag ?? 0) & strictRecoveryFlag) !== 0,
  })
  return opened instanceof Promise ? opened.then(outcomeOf) : outcomeOf(opened)
}

function outcomeOf(opened: Opened): Outcome {
  switch (opened.kind) {
    case 'open':
      return { kind: 'result', result: opened.result, afterReply: opened.afterReply }
    case 'unrecoverable':
      return failed('unrecoverablePosition')
    case 'gone':
      return silence
    default:
      return opened satisfies never
  }
}

/** The policy of this one subscription: what the namespace leaves to the client is as the client wishes. */
function withWishes({ policy }: Extract<Admission, { ok: true }>, wishes: SubscribeRequest): Namespace {
  const isRecoverable = policy.allow_recovery && wishes.recoverable === true
  const isPositioned = policy.allow_positioning && wishes.positioned === true
  if (!isRecoverable && !isPositioned) return policy
  return {
    ...policy,
    force_recovery: policy.force_recovery || isRecoverable,
    force_positioning: policy.force_positioning || isPositioned,
  }
}

/** Joins and leaves tell what presence does. */
function mayHearOthers({ identity, services }: Client, channel: string): boolean {
  const allowed = services.access.check(identity, 'presence', channel, true)
  return allowed.ok || allowed.error !== 'permissionDenied'
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
