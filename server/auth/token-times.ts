import type { JWTPayload } from 'jose'

/** How far the clocks of two machines may differ, in seconds. More says that one of them is wrong. */
export const clockToleranceSeconds = 60

/** What is wrong with a token's times, and by how many seconds. */
export interface TimeFault {
  readonly ok: false
  /** clock: it is from the future, which no token is. Whoever signed it has another clock than this server. */
  readonly reason: 'expired' | 'invalid'
  readonly why?: 'clock'
  readonly bySeconds: number
}

/**
 * A token is good to its very end: those that live for minutes have room for a clock that is slow. One that begins within
 * the tolerance has begun. `now` is in seconds since 1970.
 */
export function timeFault({ exp, iat, nbf }: JWTPayload, now: number): TimeFault | null {
  if (exp !== undefined && exp <= now) return { ok: false, reason: 'expired', bySeconds: Math.floor(now - exp) }
  const ahead = Math.max(iat ?? 0, nbf ?? 0) - now
  return ahead > clockToleranceSeconds
    ? { ok: false, reason: 'invalid', why: 'clock', bySeconds: Math.ceil(ahead) }
    : null
}

/** `90 seconds`, `59 minutes`, `3 hours`, as one says it. */
export function spanInWords(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`
}
