import { normalizeIP } from '@better-auth/core/utils/ip'
import type { Counters } from './counters.ts'

/** Counts attempts by key in windows of a minute, for all nodes together. */
export interface RateLimit {
  /** Counts one attempt; answers the seconds to wait when it is one too many, or null. */
  take(key: string): Promise<number | null>
}

const windowMs = 60_000

/** `name` tells the attempts of this limit from those of others. */
export function createRateLimit(name: string, perMinute: number, counters: Counters): RateLimit {
  return {
    async take(key) {
      const { count, endsInMs } = await counters.count(`limit:${name}:${key}`, windowMs)
      return count > perMinute ? Math.ceil(endsInMs / 1000) : null
    },
  }
}

/** What attempts are counted by: an IPv6 site owns a whole /64 and counts as one. */
export function addressKey(address: string): string {
  return normalizeIP(address, { ipv6Subnet: 64 })
}
