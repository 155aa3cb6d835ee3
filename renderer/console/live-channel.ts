import type { Centrifuge, PublicationContext, Subscription } from 'centrifuge'
import { createFeed, type Feed, type Received } from '../shared/feed.ts'

/** How many of the channel's newest publications are read when it is opened. */
const historyLimit = 50

export type ChannelState =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open' }
  | { readonly phase: 'refused'; readonly message: string }

/** One channel, watched. */
export interface LiveChannel {
  readonly feed: Feed
  state(): ChannelState
  /** Whether the list had to begin again because the page was away for longer than the server remembers. */
  hasGap(): boolean
  subscribe(listener: () => void): () => void
  close(): void
}

export function openChannel(client: Centrifuge, channel: string): LiveChannel {
  const feed = createFeed()
  const listeners = new Set<() => void>()
  let state: ChannelState = { phase: 'opening' }
  let gap = false
  let closed = false
  const change = (next: ChannelState): void => {
    state = next
    for (const listener of listeners) listener()
  }

  const subscription: Subscription = client.newSubscription(channel, { positioned: true, recoverable: true })
  subscription.on('publication', (publication) => feed.add(received(channel, publication, Date.now())))
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) {
      gap = true
      feed.clear()
    }
    change({ phase: 'open' })
    if (!wasRecovering || !recovered) void readHistory()
  })
  subscription.on('subscribing', () => change({ phase: 'opening' }))
  subscription.on('unsubscribed', ({ code, reason }) => {
    if (!closed) change({ phase: 'refused', message: refusals[code] ?? `The server ended it: ${reason}.` })
  })
  subscription.subscribe()

  async function readHistory(): Promise<void> {
    try {
      const { publications } = await subscription.history({ limit: historyLimit, reverse: true })
      if (closed) return
      feed.fill(publications.map((publication) => received(channel, publication, null)).reverse())
    } catch {
      // A channel need not have a history; what is published from now on is shown all the same.
    }
  }

  return {
    feed,
    state: () => state,
    hasGap: () => gap,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed = true
      subscription.removeAllListeners()
      subscription.unsubscribe()
      client.removeSubscription(subscription)
    },
  }
}

/** What the numbers of the protocol mean for somebody who wants to read a channel. */
const refusals: Readonly<Record<number, string>> = {
  102: 'No namespace has this channel. Check its name, or add the namespace to the configuration of the server.',
  103: 'You may not read this channel.',
  106: 'You read too many channels at once. Close another window of the console.',
  107: 'This is not a valid channel name.',
}

function received(channel: string, publication: PublicationContext, receivedAt: number | null): Received {
  const { data, offset, tags } = publication
  return { channel, offset: offset ?? 0, data: data as unknown, tags: tags ?? {}, receivedAt }
}
