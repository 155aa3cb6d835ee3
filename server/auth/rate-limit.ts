import { normalizeIP } from '@better-auth/core/utils/ip'

/** Counts attempts by key in windows of a minute. */
export interface RateLimit {
  /** Counts one attempt; answers the seconds to wait when it is one too many, or null. */
  take(key: string): number | null
  /** Forgets the attempts of this key: they came from somebody who knew the password. */
  clear(key: string): void
}

const windowMs = 60_000

/** Keys remembered at a time; beyond that the oldest window is forgotten. */
const maxKeys = 50_000

export function createRateLimit(perMinute: number, clock: () => number): RateLimit {
  const windows = new Map<string, { count: number; readonly endsAt: number }>()
  return {
    take(key) {
      const now = clock()
      const window = windows.get(key)
      // One that ends later than any could is of before the clock was put back.
      if (window !== undefined && window.endsAt > now && window.endsAt <= now + windowMs) {
        window.count += 1
        return window.count > perMinute ? Math.ceil((window.endsAt - now) / 1000) : null
      }
      // Deleted first, so that the map stays in the order in which windows end.
      windows.delete(key)
      windows.set(key, { count: 1, endsAt: now + windowMs })
      forget(windows, now)
      return null
    },
    clear: (key) => void windows.delete(key),
  }
}

/** What attempts are counted by: an IPv6 site owns a whole /64 and counts as one. */
export function addressKey(address: string): string {
  return normalizeIP(address, { ipv6Subnet: 64 })
}

function forget(windows: Map<string, { readonly endsAt: number }>, now: number): void {
  for (const [key, window] of windows) {
    if (window.endsAt > now && windows.size <= maxKeys) return
    windows.delete(key)
  }
}
