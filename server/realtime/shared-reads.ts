import type { Broker, HistoryPage } from '#server/broker/broker.ts'

/**
 * History for many who ask for the same, as all subscribers of a channel do after an interruption. One read is under way;
 * whoever asks meanwhile shares the next. So nobody is answered with what was read before asking.
 */
export function createSharedReads(broker: Pick<Broker, 'history'>): Broker['history'] {
  const reads = new Map<string, SharedRead>()

  return (channel, policy, query) => {
    const key = JSON.stringify([channel, policy, query])
    const underWay = reads.get(key)
    if (!underWay) return begin()
    underWay.next ??= underWay.settled.then(begin)
    return underWay.next

    function begin(): Promise<HistoryPage> {
      const page = broker.history(channel, policy, query)
      const settled = page.then(
        () => {},
        () => {},
      )
      const read: SharedRead = { settled, next: null }
      reads.set(key, read)
      settled.then(() => {
        if (read.next === null) reads.delete(key)
      })
      return page
    }
  }
}

interface SharedRead {
  /** Never rejects. */
  readonly settled: Promise<void>
  next: Promise<HistoryPage> | null
}
