import type { Logger } from 'pino'
import { type Ephemeral, EphemeralError } from '#server/store/ephemeral.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'

/** What rate limits and locks are kept in. Never rejects. */
export type Counters = Pick<Ephemeral, 'count' | 'forget' | 'put' | 'read'>

/**
 * Counts for all nodes together, and on this node alone while what the nodes share is away: guesses stay bounded, if by
 * more, and nobody is shut out of the very server that has to be looked after.
 */
export function createCounters(ephemeral: Counters, clock: () => number, log: Logger): Counters {
  const local = createMemoryEphemeral({ clock })
  let isAway = false

  async function orLocal<T>(shared: () => Promise<T>, own: () => Promise<T>): Promise<T> {
    try {
      const answer = await shared()
      isAway = false
      return answer
    } catch (error) {
      if (!(error instanceof EphemeralError)) throw error
      if (!isAway) log.warn({ err: error }, 'rate limits count on this node alone for now')
      isAway = true
      return own()
    }
  }

  return {
    count: (key, windowMs) =>
      orLocal(
        () => ephemeral.count(key, windowMs),
        () => local.count(key, windowMs),
      ),
    read: (key) =>
      orLocal(
        () => ephemeral.read(key),
        () => local.read(key),
      ),
    put: (key, value, lifetimeMs) =>
      orLocal(
        () => ephemeral.put(key, value, lifetimeMs),
        // Full as well: then there are locks enough, and this one is missing.
        () => local.put(key, value, lifetimeMs).catch(() => {}),
      ),
    async forget(key) {
      await local.forget(key)
      await orLocal(
        () => ephemeral.forget(key),
        () => Promise.resolve(),
      )
    },
  }
}
