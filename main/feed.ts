import type { FeedEvent } from '#protocol/ipc.ts'
import { createEarlier } from './earlier.ts'
import type { Channel, Link } from './link.ts'
import type { Log } from './log.ts'
import { createStream, type Page, type Position, type Publication } from './stream.ts'

/** The channels that are followed and what arrived on them: each publication once, in order within its channel. */
export interface Feed extends Disposable {
  /** The newest events, oldest first, at most `maxEvents`: what was there before this run, then what this run received. */
  readonly events: readonly FeedEvent[]
  /** Channels of which something could not be had; null where nobody knows how much. */
  readonly gaps: readonly Gap[]
  /** Channels that the server does not allow, with its reason. */
  readonly refusals: readonly Refusal[]
  /** Followed channels, in the order of following. */
  readonly channels: readonly string[]
  /** Following twice gives the same. */
  follow(channel: string): Followed
  unfollow(channel: string): void
}

export interface Followed {
  /** The server's first decision: null when subscribed, otherwise why not. Never settles while there is no server. */
  readonly decided: Promise<Refusal | null>
  /**
   * Those of the newest publications in history that were there before it was followed, newest first: whatever came
   * since is told as it arrives. Rejects with `{ code, message }`.
   */
  past(limit: number): Promise<readonly Publication[]>
}
export interface Gap {
  readonly channel: string
  readonly missed: number | null
}
export interface Refusal {
  readonly channel: string
  readonly code: number
  readonly message: string
}

export interface FeedOptions {
  readonly link: Pick<Link, 'subscribe'>
  readonly log: Log
  onEvent(event: FeedEvent): void
  /**
   * The newest that was published on a channel before it was followed, oldest first, once. None of it is told as
   * `onEvent`. Without this the past is not asked for.
   */
  onEarlier?(events: readonly FeedEvent[]): void
  /** `gaps` or `refusals` have changed. */
  onTrouble(): void
}

export const maxEvents = 1000
/** Publications asked for at once: the most a server gives. */
const pageSize = 300

export function createFeed({ link, log, onEvent, onEarlier, onTrouble }: FeedOptions): Feed {
  const followed = new Map<string, { readonly followed: Followed; readonly channel: Channel }>()
  const events: FeedEvent[] = []
  let gaps: readonly Gap[] = []
  let refusals: readonly Refusal[] = []

  function deliver(channel: string, publication: Publication): void {
    const event = eventOf(channel, publication, Date.now())
    log.info('received', { channel, offset: event.offset })
    events.push(event)
    if (events.length > maxEvents) events.shift()
    try {
      onEvent(event)
    } catch (error) {
      log.error('event handler failed', { channel, error: String(error) }) // the next publication is due all the same
    }
  }

  /** Puts what was there before in front of what has arrived. */
  function deliverEarlier(channel: string, publications: readonly Publication[]): void {
    // A channel that is followed again has its past in the list already: only what is older can go in front of it.
    const oldest = events.find((event) => event.channel === channel)?.offset ?? Number.POSITIVE_INFINITY
    const older = publications.filter(({ offset = 0 }) => offset < oldest)
    const room = maxEvents - events.length
    if (room === 0 || older.length === 0) return
    const earlier = older.slice(-room).map((publication) => eventOf(channel, publication, null))
    log.info('read', { channel, count: earlier.length })
    events.unshift(...earlier)
    onEarlier?.(earlier)
  }

  function missed(channel: string, count: number | null): void {
    log.warn('publications missed', { channel, count })
    const before = gaps.find((gap) => gap.channel === channel)
    const total = count === null || before?.missed === null ? null : count + (before?.missed ?? 0)
    gaps = [...gaps.filter((gap) => gap !== before), { channel, missed: total }]
    onTrouble()
  }

  function setRefusal(channel: string, refusal: Refusal | null): void {
    const others = refusals.filter((one) => one.channel !== channel)
    if (refusal === null && others.length === refusals.length) return
    refusals = refusal === null ? others : [...others, refusal]
    onTrouble()
  }

  function subscribe(name: string): { readonly followed: Followed; readonly channel: Channel } {
    const { promise, resolve } = Promise.withResolvers<Refusal | null>()
    /** Of the first subscription: what comes after it is the stream's. */
    let start: Position | null = null
    const stream = createStream({
      log,
      deliver: (publication) => deliver(name, publication),
      missed: (count) => missed(name, count),
      page: (since) => channel.history({ since: { ...since }, limit: pageSize }),
    })
    const newest = (limit: number): Promise<Page> => channel.history({ limit, reverse: true })
    const past = async (limit: number): Promise<readonly Publication[]> => {
      const { epoch, publications } = await newest(limit)
      if (start === null) return publications
      const { epoch: begun, offset: end } = start
      // Another history has begun meanwhile: its publications are the stream's.
      return epoch === begun ? publications.filter(({ offset = 0 }) => offset <= end) : []
    }
    const earlier = createEarlier({ log, newest, found: (publications) => deliverEarlier(name, publications) })
    const channel = link.subscribe(name, {
      position: () => stream.position,
      subscribed(at, recovered) {
        start ??= at
        stream.subscribed(at, recovered)
        if (onEarlier !== undefined) earlier.subscribed(at)
        setRefusal(name, null)
        resolve(null)
      },
      publication: (publication) => stream.publication(publication),
      interrupted() {
        stream.interrupted()
        earlier.interrupted()
      },
      refused(code, message) {
        const refusal = { channel: name, code, message }
        setRefusal(name, refusal)
        resolve(refusal)
      },
    })
    return { followed: { decided: promise, past }, channel }
  }

  function unfollow(name: string): void {
    followed.get(name)?.channel[Symbol.dispose]()
    followed.delete(name)
    gaps = gaps.filter((gap) => gap.channel !== name)
    refusals = refusals.filter((refusal) => refusal.channel !== name)
  }

  return {
    events,
    get gaps() {
      return gaps
    },
    get refusals() {
      return refusals
    },
    get channels() {
      return [...followed.keys()]
    },
    follow(name) {
      const entry = followed.get(name) ?? subscribe(name)
      followed.set(name, entry)
      return entry.followed
    },
    unfollow,
    [Symbol.dispose]() {
      for (const name of [...followed.keys()]) unfollow(name)
    },
  }
}

function eventOf(channel: string, { offset = 0, data, tags = {} }: Publication, receivedAt: number | null): FeedEvent {
  return { channel, offset, data, tags, receivedAt }
}
