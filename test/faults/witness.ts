/**
 * What one client has seen of a channel, checked while it comes: everything from its place on and in order, or it was
 * told. Small, because there are a thousand of them in one process.
 */
export interface Witness {
  /** It is subscribed. `recovered` null when it did not ask for what it missed. */
  begins(place: Place, recovered: boolean | null): void
  sees(offset: number, n: number): void
  /** The connection, or the subscription alone, has gone. */
  leaves(what: 'connection' | 'subscription'): void
  readonly place: Place | null
  readonly isSubscribed: boolean
}

export interface Place {
  readonly offset: number
  readonly epoch: string
}

/** What all witnesses of a process have seen. */
export interface Testimony {
  received: number
  /** Recoveries that gave what was missed, and those of which the client was told that they could not. */
  recovered: number
  told: number
  lostConnections: number
  lostSubscriptions: number
  /** The longest time that any client waited from one publication to the next, in milliseconds. */
  longestSilence: number
  /** What was promised and not kept; the first few. */
  readonly violations: string[]
  /** The first place in each epoch from which anybody began. */
  readonly firstPlaces: Map<string, number>
  /** `epoch offset` to what stands there. */
  readonly seen: Map<string, number>
}

export function createTestimony(): Testimony {
  return {
    ...{ received: 0, recovered: 0, told: 0, lostConnections: 0, lostSubscriptions: 0, longestSilence: 0 },
    violations: [],
    firstPlaces: new Map(),
    seen: new Map(),
  }
}

export function createWitness(name: string, testimony: Testimony): Witness {
  let place: Place | null = null
  let isSubscribed = false
  let lastAt = 0

  return {
    get place() {
      return place
    },
    get isSubscribed() {
      return isSubscribed
    },
    begins(at, recovered) {
      if (isSubscribed) violated('subscribed twice')
      isSubscribed = true
      if (recovered === true) {
        testimony.recovered += 1
        if (place?.epoch !== at.epoch) violated(`recovered from ${show(place)} into ${show(at)}`)
        // What was missed follows, from where it was.
        return
      }
      if (recovered === false) testimony.told += 1
      place = at
      const { firstPlaces } = testimony
      firstPlaces.set(at.epoch, Math.min(at.offset, firstPlaces.get(at.epoch) ?? at.offset))
    },
    sees(offset, n) {
      const now = performance.now()
      if (lastAt > 0) testimony.longestSilence = Math.max(testimony.longestSilence, now - lastAt)
      lastAt = now
      testimony.received += 1
      if (!isSubscribed || place === null) {
        violated(`not subscribed, and given ${offset}`)
        return
      }
      if (offset !== place.offset + 1) violated(`at ${show(place)}, and given ${offset}`)
      place = { offset, epoch: place.epoch }
      const key = `${place.epoch} ${offset}`
      const known = testimony.seen.get(key)
      if (known === undefined) testimony.seen.set(key, n)
      else if (known !== n) violated(`${n} at ${key}, where others have seen ${known}`)
    },
    leaves(what) {
      if (!isSubscribed) return
      isSubscribed = false
      if (what === 'connection') testimony.lostConnections += 1
      else testimony.lostSubscriptions += 1
    },
  }

  function violated(what: string): void {
    if (testimony.violations.length < 50) testimony.violations.push(`client ${name}: ${what}`)
  }
}

function show(place: Place | null): string {
  return place ? `${place.epoch} ${place.offset}` : 'nowhere'
}
