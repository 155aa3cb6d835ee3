import { countedAddress } from './counted-address.ts'

/**
 * What one address may have brought to other nodes. Whoever asks for a client need not be one: for each request that
 * names a client of another node, that node is asked.
 */
export interface Forwarding {
  /** Whether one more may be brought; then `end` has to follow. */
  begin(address: string): boolean
  /** `isFound`: there was such a client. */
  end(address: string, isFound: boolean): void
}

/** Requests that wait for other nodes at a time, of one address and of all. */
const maxWaitingOfOne = 100
const maxWaiting = 1_000
/** Requests a minute that were for nobody: a node that has died leaves some behind, all clients of a site at once. */
const maxMisses = 600
const windowMs = 60_000
/** Beyond it those that misbehaved longest ago are forgotten. */
const maxAddresses = 10_000

interface Asker {
  waiting: number
  misses: number
  /** When its misses are forgotten. */
  readonly endsAt: number
}

/** `clock` tells milliseconds. */
export function createForwarding(clock: () => number): Forwarding {
  const askers = new Map<string, Asker>()
  let waiting = 0

  return {
    begin(address) {
      if (waiting >= maxWaiting) return false
      const asker = askerAt(address)
      if (asker !== null && (asker.waiting >= maxWaitingOfOne || asker.misses >= maxMisses)) return false
      waiting += 1
      if (asker !== null) asker.waiting += 1
      return true
    },
    end(address, isFound) {
      waiting -= 1
      const key = countedAddress(address)
      const asker = key === null ? undefined : askers.get(key)
      if (key === null || asker === undefined) return
      asker.waiting = Math.max(0, asker.waiting - 1)
      if (!isFound) asker.misses += 1
      if (asker.waiting === 0 && asker.misses === 0) askers.delete(key)
    },
  }

  /** Null for an address that is not counted. */
  function askerAt(address: string): Asker | null {
    const key = countedAddress(address)
    if (key === null) return null
    const known = askers.get(key)
    if (known && known.endsAt > clock()) return known
    const asker = { waiting: known?.waiting ?? 0, misses: 0, endsAt: clock() + windowMs }
    askers.delete(key)
    askers.set(key, asker)
    if (askers.size > maxAddresses) askers.delete(askers.keys().next().value ?? '')
    return asker
  }
}
