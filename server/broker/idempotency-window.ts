/** Remembers keys for a while, for channels that keep nothing themselves. Bounded: the oldest are forgotten first. */
export interface IdempotencyWindow {
  /** Whether the key is new in this channel; from then on it is not. */
  claim(channel: string, key: string): boolean
}

export function createIdempotencyWindow({
  clock,
  ttlMs = 5 * 60 * 1000,
  maxKeys = 50_000,
}: {
  readonly clock: () => number
  readonly ttlMs?: number
  readonly maxKeys?: number
}): IdempotencyWindow {
  /** In order of insertion, which is that of expiry. */
  const expiries = new Map<string, number>()

  return {
    claim(channel, key) {
      const now = clock()
      forgetExpired(now)
      const name = `${channel} ${key}`
      if (expiries.has(name)) return false
      expiries.set(name, now + ttlMs)
      return true
    },
  }

  function forgetExpired(now: number): void {
    for (const [name, expiry] of expiries) {
      if (expiry > now && expiries.size < maxKeys) return
      expiries.delete(name)
    }
  }
}
