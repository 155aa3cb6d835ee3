import type { Broker } from '#server/broker/broker.ts'

/** Which channels this node wants to be told of: those with local subscribers, counted here. */
export interface Interest {
  /** Resolves when publications of this channel reach this node. Rejects as the broker does, and then counts nothing. */
  acquire(channel: string): Promise<void>
  /** Once for every `acquire` that resolved. */
  release(channel: string): void
}

export function createInterest(broker: Pick<Broker, 'subscribe' | 'unsubscribe'>): Interest {
  const channels = new Map<string, { count: number; readonly ready: Promise<void> }>()

  return {
    async acquire(channel) {
      const known = channels.get(channel)
      const entry = known ?? { count: 0, ready: broker.subscribe(channel) }
      if (!known) channels.set(channel, entry)
      entry.count += 1
      try {
        await entry.ready
      } catch (error) {
        // Whoever comes next asks the broker anew. What took too long may have been done all the same.
        if (channels.get(channel) === entry) {
          channels.delete(channel)
          broker.unsubscribe(channel)
        }
        throw error
      }
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
