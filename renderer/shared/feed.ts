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
      waiting.push(keyed(received))
      if (waiting.length > limit) waiting.shift()
      if (scheduled) return
      scheduled = true
      schedule(flush)
    },
    fill(earlier) {
      flush()
      const known = new Set(items.map(identity))
      const older = earlier.filter((one) => !known.has(identity(one))).map(keyed)
      items = [...items, ...older.reverse()].slice(0, limit)
      tell()
    },
    clear() {
      items = []
      waiting = []
      tell()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
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
