import { hash } from 'node:crypto'
import { AuthError } from './auth-error.ts'
import type { Counters } from './counters.ts'
import type { KnownDevices, SignInFrom } from './known-devices.ts'
import { addressKey, createRateLimit } from './rate-limit.ts'

/**
 * Bounds guessing of passwords and codes. After some wrong ones an account is locked for passwords for a while, longer
 * each time but never for long; from browsers and addresses that it was signed in to from before, attempts are counted
 * apart, so that nobody can lock a person out at their own desk. Accounts that do not exist are treated alike.
 */
export interface SignInLimit {
  /** Counts an attempt before it is looked at, so that many at once are no more than one after the other. Throws `rate_limited`. */
  take(email: string, from: SignInFrom): Promise<Attempt>
  /** The account may be tried again at once, from anywhere. */
  unlock(email: string): Promise<void>
}

export interface Attempt {
  /** Whether the account was signed in to from there before. */
  readonly isKnown: boolean
  /** They knew it all: their earlier slips are forgotten. */
  succeeded(): Promise<void>
  /** Something was wrong or missing. */
  failed(): Promise<void>
}

export interface SignInLimits {
  /** Wrong ones within `windowMs` before the account is locked. */
  readonly attempts: number
  readonly windowMs: number
  /** The longest lock. The first one is a minute, and each further one within a day twice as long. */
  readonly maxLockMs: number
  /** Attempts per minute from one address that has not signed in before, at whatever accounts. */
  readonly perAddress: number
}

export interface SignInLimitParts {
  readonly limits: SignInLimits
  readonly counters: Counters
  readonly knownDevices: Pick<KnownDevices, 'of'>
  readonly clock: () => number
  /** Told when an account is locked for strangers. */
  readonly onLock: (email: string, until: Date) => Promise<void>
}

const firstLockMs = 60_000
const locksCountForMs = 24 * 60 * 60 * 1000

export function createSignInLimit(parts: SignInLimitParts): SignInLimit {
  const { limits, counters, knownDevices, clock, onLock } = parts
  const byAddress = createRateLimit('sign-in-address', limits.perAddress, counters)

  async function refuseLocked(budget: string): Promise<void> {
    const until = await counters.read(lockOf(budget))
    if (until !== null) throw tooMany((Number(until) - clock()) / 1000)
  }

  async function lock(email: string, budget: string, isKnown: boolean): Promise<void> {
    const { count } = await counters.count(locksOf(budget), locksCountForMs)
    // Bounded before it is multiplied: whoever goes on for a day gets to large exponents.
    const lockMs = Math.min(firstLockMs * 2 ** Math.min(count - 1, 10), limits.maxLockMs)
    const until = clock() + lockMs
    await counters.put(lockOf(budget), String(until), lockMs)
    await counters.forget(attemptsOf(budget))
    if (!isKnown) await onLock(email, new Date(until))
  }

  return {
    async take(email, from) {
      if (from.address === null) return unlimited
      const account = accountKey(email)
      const known = await knownDevices.of(email, from)
      const isKnown = known !== null
      // One address that has used up its own attempts does not use up those of an account.
      const wait = isKnown ? null : await byAddress.take(addressKey(from.address))
      if (wait !== null) throw tooMany(wait)
      const budget = isKnown ? `${account} ${known}` : account
      await refuseLocked(budget)
      const { count, endsInMs } = await counters.count(attemptsOf(budget), limits.windowMs)
      // As many as there may be are being looked at at this moment.
      if (count > limits.attempts) throw tooMany(Math.min(endsInMs, firstLockMs) / 1000)
      return {
        isKnown,
        async succeeded() {
          await counters.forget(attemptsOf(budget))
          await counters.forget(locksOf(budget))
        },
        async failed() {
          if (count === limits.attempts) await lock(email, budget, isKnown)
        },
      }
    },
    async unlock(email) {
      const account = accountKey(email)
      for (const key of [attemptsOf(account), lockOf(account), locksOf(account)]) await counters.forget(key)
    },
  }
}

const unlimited: Attempt = { isKnown: true, succeeded: async () => {}, failed: async () => {} }

const attemptsOf = (budget: string) => `sign-in:${budget}`
const lockOf = (budget: string) => `sign-in-lock:${budget}`
const locksOf = (budget: string) => `sign-in-locks:${budget}`

/** E-mail addresses come from anybody and may have any length, and whoever looks into Redis is not to read them there. */
function accountKey(email: string): string {
  return hash('sha256', email.toLowerCase(), 'base64url')
}

function tooMany(seconds: number): AuthError {
  const retryAfter = Math.max(1, Math.ceil(seconds))
  const sentence = `Too many attempts to sign in. Try again in ${retryAfter} seconds.`
  return new AuthError('rate_limited', sentence, { retryAfter })
}
