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
  const addresses = new Map<string, AddressPlaces>()
  const places: Places = { inside: 0, waiting: new Set(), addresses }

  return {
    refusal(address) {
      if (places.inside >= limits.maxConnections) return 'connections'
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
      if (here) here.all += 1
      if (isKnown) places.inside += 1
      else {
        if (here) here.waiting += 1
        if (places.waiting.size >= limits.maxWaiting) endOldest()
        places.waiting.add(makeWay)
      }
      return new VisitHere(places, here, isKnown ? null : makeWay)
    },
  }

  /** It leaves when its socket has gone, and makes way already now. */
  function endOldest(): void {
    const [oldest] = places.waiting
    if (!oldest) return
    places.waiting.delete(oldest)
    oldest()
  }

  function placesOf(key: string): AddressPlaces {
    const known = addresses.get(key)
    if (known) return known
    const here = { key, waiting: 0, all: 0 }
    addresses.set(key, here)
    return here
  }
}

interface AddressPlaces {
  readonly key: string
  waiting: number
  all: number
}

interface Places {
  inside: number
  /** Oldest first. */
  readonly waiting: Set<() => void>
  readonly addresses: Map<string, AddressPlaces>
}

/** There is one for every connection, so it is small. */
class VisitHere implements Visit {
  readonly #places: Places
  readonly #here: AddressPlaces | null
  /** Null once it has said who it is. */
  #makeWay: (() => void) | null
  #isGone = false

  constructor(places: Places, here: AddressPlaces | null, makeWay: (() => void) | null) {
    this.#places = places
    this.#here = here
    this.#makeWay = makeWay
  }

  letIn(): void {
    if (this.#isGone || this.#makeWay === null) return
    this.#waitsNoMore(this.#makeWay)
    this.#places.inside += 1
  }

  leave(): void {
    if (this.#isGone) return
    if (this.#makeWay === null) this.#places.inside -= 1
    else this.#waitsNoMore(this.#makeWay)
    this.#isGone = true
    const here = this.#here
    if (!here) return
    here.all -= 1
    if (here.all === 0) this.#places.addresses.delete(here.key)
  }

  #waitsNoMore(makeWay: () => void): void {
    this.#places.waiting.delete(makeWay)
    if (this.#here) this.#here.waiting -= 1
    this.#makeWay = null
  }
}
