/**
 * Keeps publications of one channel in order where one could overtake another. Without hooks that decide it cannot: they
 * are given to the broker in the turn in which they come, and all may be on their way at once.
 */
export function createOrder(mayOvertake: () => boolean): <T>(channel: string, work: () => Promise<T>) => Promise<T> {
  /** The last of each channel that is not done. */
  const last = new Map<string, Promise<unknown>>()

  return (channel, work) => {
    const before = last.get(channel)
    if (before === undefined && !mayOvertake()) return work()
    const done = (before ?? Promise.resolve()).then(work, work)
    last.set(channel, done)
    const forget = () => {
      if (last.get(channel) === done) last.delete(channel)
    }
    done.then(forget, forget)
    return done
  }
}
