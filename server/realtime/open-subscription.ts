import type { HistoryPage, HistoryQuery, Publication } from '#server/broker/broker.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { hasHistory, historyPolicy, isPositioned } from './access.ts'
import type { Client } from './client.ts'
import { asText, publicationPushText, publicationsText, type WrittenPublication } from './encode.ts'
import { tellSubscribed } from './hook-events.ts'
import type { StreamPosition, Watcher } from './hub.ts'
import {
  catchUp,
  decideCacheRecovery,
  decideRecovery,
  type LivePublication,
  type Recovery,
  type RecoveryBounds,
} from './recovery.ts'
import { secondsUntil } from './refresh.ts'
import type { Member } from './strands.ts'
import { announce, endSubscription, expireAt, lostPosition, type Subscription, showPresence } from './subscription.ts'
import type { TagFilter } from './tag-filter.ts'
import { textFrame } from './text-frame.ts'

/** What a subscription is to be like; that it may be is decided already. */
export interface SubscriptionTerms extends Pick<Subscription, 'channel' | 'policy' | 'origin'> {
  readonly filter?: TagFilter | null
  /** Deltas were asked for. */
  readonly deltas?: boolean
  readonly joinLeave?: boolean
  /** Where the client was, when it asks for what it missed. */
  readonly recover?: StreamPosition | null
  /** What its recovery may deliver, in bytes. Default half of the outbox. */
  readonly recoveryBytes?: number
  /** Rather no subscription than one that has not recovered. */
  readonly strict?: boolean
  /** What a token said, when one decided. */
  readonly byToken?: boolean
  readonly info?: string | null
  /** JSON text for the subscriber. */
  readonly data?: string | null
  readonly expiresAt?: number | null
}

export type Opened =
  /** `result` is JSON text. `afterReply` is to run right behind its being sent, in the same turn. */
  | { readonly kind: 'open'; readonly result: string; readonly afterReply: () => void }
  | { readonly kind: 'unrecoverable' }
  /** The connection has gone meanwhile. */
  | { readonly kind: 'gone' }

/**
 * Opens a subscription. Its result comes before anything of the channel; publications that arrive while history is read
 * wait and follow it in order, each once.
 */
export function openSubscription(client: Client, terms: SubscriptionTerms): Opened | Promise<Opened> {
  const { channel, policy, filter = null, deltas = false, joinLeave = false } = terms
  const subscription = newSubscription(terms)
  client.subscriptions.set(channel, subscription)
  const member: Member = {
    outbox: client.outbox,
    joinLeave: policy.join_leave && (joinLeave || policy.force_push_join_leave),
    filter,
    deltas: isPositioned(policy) && policy.allowed_delta_types.includes('fossil') && deltas,
    lostPosition: () => lostPosition(client, subscription),
  }
  const { interest } = client.services
  const reached = interest.acquire(channel)
  return reached === null ? begin(client, subscription, member, terms) : beginOnceReached(reached)

  async function beginOnceReached(reached: Promise<void>): Promise<Opened> {
    // Nothing may come between the end of this wait and what is begun behind it: what a client that has gone leaves then
    // would never be taken back.
    try {
      await reached
    } catch (error) {
      if (client.subscriptions.get(channel) === subscription) endSubscription(client, subscription)
      throw error
    }
    if (client.subscriptions.get(channel) !== subscription) {
      interest.release(channel)
      return { kind: 'gone' }
    }
    return begin(client, subscription, member, terms)
  }
}

function begin(
  client: Client,
  subscription: Subscription,
  member: Member,
  terms: SubscriptionTerms,
): Opened | Promise<Opened> {
  subscription.counted = true
  if (hasHistory(subscription.policy)) return openWithPosition(client, subscription, member, terms).then(onTerms)
  return onTerms({ kind: 'open', result: '{}', afterReply: () => goLive(client, subscription, member, null, null) })

  function onTerms(opened: Opened): Opened {
    if (opened.kind !== 'open') return opened
    expireAt(client, subscription, terms.expiresAt ?? null)
    return { ...opened, result: withTerms(opened.result, terms, client) }
  }
}

function newSubscription({ channel, policy, origin, byToken = false, info = null }: SubscriptionTerms): Subscription {
  return {
    ...{ channel, policy, origin, byToken, info, expiresAt: null },
    ...{ release: () => {}, cancelExpiry: () => {}, counted: false, live: false },
  }
}

/** Adds to a result what a token said. */
function withTerms(result: string, { data = null, expiresAt = null }: SubscriptionTerms, client: Client): string {
  if (data === null && expiresAt === null) return result
  const fields = [
    ...(result === '{}' ? [] : [result.slice(1, -1)]),
    ...(expiresAt === null ? [] : [`"expires":true,"ttl":${secondsUntil(expiresAt, client.services.clock)}`]),
    ...(data === null ? [] : [`"data":${data}`]),
  ]
  return `{${fields.join(',')}}`
}

/** While history is read no more than this may arrive: the client is better told to come again. */
const maxArrived = 1_000

async function openWithPosition(
  client: Client,
  subscription: Subscription,
  member: Member,
  { recover = null, strict = false, recoveryBytes }: SubscriptionTerms,
): Promise<Opened> {
  const { hub } = client.services
  const { channel, policy } = subscription
  const { limits } = client.services
  const bounds = { publications: limits.recoveryPublications, bytes: recoveryBytes ?? limits.outboxBytes / 2 }
  const arrived: LivePublication[] = []
  const collect: Watcher = (publication, epoch) => {
    if (arrived.length <= maxArrived) arrived.push({ publication, epoch })
  }
  hub.watch(channel, collect)
  subscription.release = () => hub.unwatch(channel, collect)
  try {
    const requested = policy.force_recovery ? (recover ?? newestOf(policy)) : null
    const page = await readHistory(client, subscription, member, requested, bounds)
    // The connection may have gone, and everything of it been released, while history was read.
    if (client.subscriptions.get(channel) !== subscription) return { kind: 'gone' }
    const recovery = requested && decide(subscription, member, requested, page, bounds)
    if (recovery) client.services.metrics.recovered(recovery.recovered)
    if (recovery && !recovery.recovered && strict) {
      endSubscription(client, subscription)
      return { kind: 'unrecoverable' }
    }
    const result = positionedResult(policy, page, requested, recovery, member)
    const recovered = recovery?.recovered ? (recovery.missed.at(-1) ?? null) : null
    return { kind: 'open', result, afterReply: () => follow(client, subscription, member, page, arrived, recovered) }
  } catch (error) {
    if (client.subscriptions.get(channel) === subscription) endSubscription(client, subscription)
    throw error
  }
}

/** Where the newest publication is for everybody, it is as if the client had asked for it. */
function newestOf({ auto_cache_recovery, force_recovery_mode }: Namespace): StreamPosition | null {
  return auto_cache_recovery && force_recovery_mode === 'cache' ? { offset: 0, epoch: '' } : null
}

function readHistory(
  client: Client,
  { channel, policy }: Subscription,
  member: Member,
  requested: StreamPosition | null,
  bounds: RecoveryBounds,
): Promise<HistoryPage> {
  return client.services.readHistory(channel, historyPolicy(policy), query())

  function query(): HistoryQuery {
    if (!requested) return { limit: 0 }
    if (policy.force_recovery_mode === 'cache') {
      return { reverse: true, limit: member.filter ? bounds.publications : 1, maxBytes: bounds.bytes }
    }
    return { since: requested, limit: bounds.publications + 1, maxBytes: bounds.bytes }
  }
}

function decide(
  { policy }: Subscription,
  member: Member,
  requested: StreamPosition,
  page: HistoryPage,
  bounds: RecoveryBounds,
): Recovery {
  if (policy.force_recovery_mode === 'stream') return decideRecovery(requested, page, bounds)
  return decideCacheRecovery(requested, page, bounds, (publication) => isFor(member, publication))
}

/**
 * After a successful recovery `offset` is the requested one: the SDK advances by reading the publications. When a filter
 * leaves none of them, and where only the newest matters, it is the top.
 */
function positionedResult(
  policy: Namespace,
  page: HistoryPage,
  requested: StreamPosition | null,
  recovery: Recovery | null,
  member: Member,
): string {
  // Places are kept wherever there is history, so that all members of a channel lose theirs together.
  if (!isPositioned(policy)) return '{}'
  const recoverable = policy.force_recovery ? '"recoverable":true,' : ''
  const position = (offset: number) =>
    `${recoverable}"positioned":true,"epoch":${JSON.stringify(page.epoch)},"offset":${offset}`
  const delta = member.deltas ? ',"delta":true' : ''
  if (!requested || !recovery) return `{${position(page.offset)}${delta}}`
  if (!recovery.recovered) return `{${position(page.offset)}${delta},"was_recovering":true}`
  const missed = recovery.missed.filter((publication) => isFor(member, publication))
  if (missed.length === 0) return `{${position(page.offset)}${delta},"was_recovering":true,"recovered":true}`
  const publications = textFor(member, recovery.missed, missed)
  const from = policy.force_recovery_mode === 'cache' ? page.offset : requested.offset
  return `{${position(from)}${delta},"was_recovering":true,"recovered":true,"publications":${publications}}`
}

/** All who recover the same, from a read they share, get one text. */
const texts = new WeakMap<readonly Publication[], string>()

function textFor(member: Member, all: readonly Publication[], wanted: readonly Publication[]): string {
  if (member.filter || member.deltas) return publicationsText(wanted.map((each) => writtenFor(member, each)))
  const text = texts.get(all) ?? publicationsText(all)
  texts.set(all, text)
  return text
}

/** Right behind the reply: what arrived meanwhile, then everything that comes. */
function follow(
  client: Client,
  subscription: Subscription,
  member: Member,
  page: HistoryPage,
  arrived: readonly LivePublication[],
  recovered: Publication | null,
): void {
  const { hub } = client.services
  const { channel } = subscription
  subscription.release()
  const caught = arrived.length > maxArrived ? { complete: false as const } : catchUp(page, arrived)
  if (!caught.complete) {
    lostPosition(client, subscription)
    return
  }
  for (const publication of caught.late) pushPublication(client, channel, member, publication)
  const { position } = caught
  const last = caught.late.at(-1) ?? recovered
  const fanOut = hub.position(channel)
  if (fanOut === null || fanOut.epoch !== position.epoch || fanOut.offset >= position.offset) {
    goLive(client, subscription, member, position, last)
  } else {
    awaitFanOut(client, subscription, member, position, last)
  }
}

/** History was ahead of the fan-out: the member joins when that has come to where it is. */
function awaitFanOut(
  client: Client,
  subscription: Subscription,
  member: Member,
  position: StreamPosition,
  last: Publication | null,
): void {
  const { hub, limits } = client.services
  const { channel } = subscription
  let latest = last
  const joinInTime: Watcher = (publication, epoch) => {
    if (publication.offset === 0) {
      latest = publication
      pushPublication(client, channel, member, publication)
    } else if (epoch !== position.epoch || publication.offset > position.offset) {
      lostPosition(client, subscription)
    } else if (publication.offset === position.offset) {
      subscription.release()
      goLive(client, subscription, member, position, latest)
    }
  }
  hub.watch(channel, joinInTime)
  const late = setTimeout(() => {
    hub.loseAll(channel)
    lostPosition(client, subscription)
  }, limits.positionGraceMs).unref()
  subscription.release = () => {
    clearTimeout(late)
    hub.unwatch(channel, joinInTime)
  }
}

/** Outside the fan-out. */
function pushPublication(client: Client, channel: string, member: Member, publication: Publication): void {
  if (!isFor(member, publication)) return
  client.outbox.push(textFrame(publicationPushText(channel, writtenFor(member, publication))))
}

function isFor({ filter }: Member, { tags }: Publication): boolean {
  return filter === null || filter.matches(tags)
}

function writtenFor({ deltas }: Member, publication: Publication): WrittenPublication {
  return deltas ? asText(publication) : publication
}

function goLive(
  client: Client,
  subscription: Subscription,
  member: Member,
  position: StreamPosition | null,
  last: Publication | null,
): void {
  const { hub } = client.services
  const { channel, policy } = subscription
  hub.join(channel, member, position, last)
  subscription.release = () => hub.leave(channel, member)
  subscription.live = true
  if (policy.presence) showPresence(client, subscription)
  if (policy.join_leave) announce(client, subscription, 'join')
  tellSubscribed(client, channel)
}
