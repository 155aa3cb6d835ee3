/** One entry of a live list. */
export interface FeedItem {
  /** Unique in its feed. */
  readonly key: string
  readonly channel: string
  readonly offset: number
  readonly data: unknown
  readonly tags: Readonly<Record<string, string>>
  /** Milliseconds since 1970; null for what was read from history, which has no time. */
  readonly receivedAt: number | null
}
export type Received = Omit<FeedItem, 'key'>

export interface Feed {
  /** Newest first, at most `limit`; the same array until something changes. */
  items(): readonly FeedItem[]
  /** Adds what has just come in. */
  add(received: Received): void
  /** Puts what was there before, oldest first, behind everything that came in meanwhile, without repeating it. */
  fill(earlier: readonly Received[]): void
  clear(): void
  subscribe(listener: () => void): () => void
}

export interface FeedOptions {
  /** Most entries kept; the oldest go first. */
  readonly limit?: number
  /** Runs a task soon; a burst of events makes one render. */
  readonly schedule?: (task: () => void) => void
}

/** A bounded list of events for `useSyncExternalStore`. */
export function createFeed({ limit = 1000, schedule = soon }: FeedOptions = {}): Feed {
  const listeners = new Set<() => void>()
  let items: readonly FeedItem[] = []
  let waiting: FeedItem[] = []
  let scheduled = false
  let count = 0
  /** What `fill` brought of a channel, until something newer comes in: it may have been on its way here as well. */
  const filled = new Map<string, Map<number, string>>()

  const flush = (): void => {
    scheduled = false
    if (waiting.length === 0) return
    items = [...waiting.reverse(), ...items].slice(0, limit)
    waiting = []
    tell()
  }
  const tell = (): void => {
    for (const listener of listeners) listener()
  }

  return {
    items: () => items,
    add(received) {
      if (isFilled(received)) return
      waiting.push(keyed(received))
      if (waiting.length > limit) waiting.shift()
      if (scheduled) return
      scheduled = true
      schedule(flush)
    },
    fill(earlier) {
      flush()
      const known = new Set(items.map(identity))
      // What is newer than anything that came in is on its way here.
      const oldest = new Map(items.map(({ channel, offset }) => [channel, offset]))
      const isOlder = ({ channel, offset }: Received) => offset < (oldest.get(channel) || Number.POSITIVE_INFINITY)
      const older = earlier.filter((one) => !known.has(identity(one)) && isOlder(one)).map(keyed)
      for (const { channel, offset, data } of older) {
        const ofChannel = filled.get(channel) ?? new Map<number, string>()
        filled.set(channel, ofChannel.set(offset, JSON.stringify(data)))
      }
      items = [...items, ...older.reverse()].slice(0, limit)
      tell()
    },
    clear() {
      filled.clear()
      items = []
      waiting = []
      tell()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }

  function isFilled({ channel, offset, data }: Received): boolean {
    const isThere = offset > 0 && filled.get(channel)?.get(offset) === JSON.stringify(data)
    if (!isThere) filled.delete(channel)
    return isThere
  }

  function keyed(received: Received): FeedItem {
    count += 1
    return { ...received, key: String(count) }
  }
}

/** The same publication, seen both live and in history. Without history every offset is 0 and the time must do. */
function identity({ channel, offset, receivedAt }: Received): string {
  return offset > 0 ? `${channel} ${offset}` : `${channel} at ${receivedAt}`
}

function soon(task: () => void): void {
  setTimeout(task, 30)
}
