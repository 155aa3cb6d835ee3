import type { Broker } from '#server/broker/broker.ts'

/** Which channels this node wants to be told of: those with local subscribers, counted here. */
export interface Interest {
  /**
   * Resolves when publications of this channel reach this node; null when they do already. Rejects as the broker does, and
   * then counts nothing.
   */
  acquire(channel: string): Promise<void> | null
  /** Once for every `acquire` that did not reject. */
  release(channel: string): void
}

export function createInterest(broker: Pick<Broker, 'subscribe' | 'unsubscribe'>): Interest {
  const channels = new Map<string, { count: number; ready: Promise<void> | null }>()

  return {
    acquire(channel) {
      const known = channels.get(channel)
      if (known) {
        known.count += 1
        return known.ready
      }
      const ready = broker.subscribe(channel).then(
        () => {
          entry.ready = null
        },
        (error: unknown) => {
          // Whoever comes next asks the broker anew. What took too long may have been done all the same.
          if (channels.get(channel) === entry) {
            channels.delete(channel)
            broker.unsubscribe(channel)
          }
          throw error
        },
      )
      const entry: { count: number; ready: Promise<void> | null } = { count: 1, ready }
      channels.set(channel, entry)
      return ready
    },
    release(channel) {
      const entry = channels.get(channel)
      if (!entry) return
      entry.count -= 1
      if (entry.count > 0) return
      channels.delete(channel)
      broker.unsubscribe(channel)
    },
  }
}
