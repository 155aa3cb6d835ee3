import { Budget } from './budget.ts'
import type { RealtimeLimits } from './limits.ts'

/**
 * How many connections this node takes, and how fast. Those that have not said who they are have a bound of their own,
 * and there the oldest makes way: whoever opens sockets and says nothing shuts out nobody.
 */
export interface Gate {
  /** Why one more may not come from this address now; null when it may. Asking takes nothing. */
  refusal(address: string): GateRefusal | null
  /** One more has come. `makeWay` ends it. */
  enter(address: string, isKnown: boolean, makeWay: () => void): Visit
}

export type GateRefusal = 'connections' | 'address' | 'waiting' | 'rate'

/** One connection's place. */
export interface Visit {
  /** It has said who it is. */
  letIn(): void
  leave(): void
}

export interface GateOptions {
  readonly limits: Pick<
    RealtimeLimits,
    'maxConnections' | 'maxWaiting' | 'maxWaitingPerAddress' | 'maxPerAddress' | 'acceptsPerSecond'
  >
  /** What an address counts as; null for one that is not counted. */
  readonly keyOf: (address: string) => string | null
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export function createGate({ limits, keyOf, clock }: GateOptions): Gate {
  const { acceptsPerSecond } = limits
  const accepts = Number.isFinite(acceptsPerSecond) ? new Budget(acceptsPerSecond, acceptsPerSecond, clock()) : null
  const addresses = new Map<string, { waiting: number; all: number }>()
  /** Oldest first. */
  const waiting = new Set<() => void>()
  let inside = 0

  return {
    refusal(address) {
      if (inside >= limits.maxConnections) return 'connections'
      const key = keyOf(address)
      const here = key === null ? undefined : addresses.get(key)
      if (here && here.all >= limits.maxPerAddress) return 'address'
      if (here && here.waiting >= limits.maxWaitingPerAddress) return 'waiting'
      return accepts && accepts.left(clock()) < 1 ? 'rate' : null
    },
    enter(address, isKnown, makeWay) {
      accepts?.take(clock())
      const key = keyOf(address)
      const here = key === null ? null : placesOf(key)
      let state: 'waiting' | 'inside' | 'gone' = isKnown ? 'inside' : 'waiting'
      if (here) here.all += 1
      if (isKnown) inside += 1
      else {
        if (here) here.waiting += 1
        if (waiting.size >= limits.maxWaiting) endOldest()
        waiting.add(makeWay)
      }

      const waitsNoMore = () => {
        waiting.delete(makeWay)
        if (here) here.waiting -= 1
      }
      return {
        letIn() {
          if (state !== 'waiting') return
          state = 'inside'
          waitsNoMore()
          inside += 1
        },
        leave() {
          if (state === 'gone') return
          if (state === 'waiting') waitsNoMore()
          else inside -= 1
          state = 'gone'
          if (!here || key === null) return
          here.all -= 1
          if (here.all === 0) addresses.delete(key)
        },
      }
    },
  }

  /** It leaves when its socket has gone, and makes way already now. */
  function endOldest(): void {
    const [oldest] = waiting
    if (!oldest) return
    waiting.delete(oldest)
    oldest()
  }

  function placesOf(key: string) {
    const known = addresses.get(key)
    if (known) return known
    const places = { waiting: 0, all: 0 }
    addresses.set(key, places)
    return places
  }
}
