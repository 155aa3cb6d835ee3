import { hash } from 'node:crypto'
import { AuthError } from './auth-error.ts'
import type { Counters } from './counters.ts'
import { addressKey, createRateLimit } from './rate-limit.ts'

/** Bounds guessing of passwords, over HTTP and in process alike. */
export interface SignInLimit {
  /** Counts an attempt. `address` is null for the server itself, which is not limited. Throws `rate_limited`. */
  take(email: string, address: string | null): Promise<void>
  /** Somebody knew the password: their earlier slips are forgotten. */
  clear(email: string, address: string | null): Promise<void>
}

/** Attempts per minute. */
export interface SignInLimits {
  readonly perAccountAndAddress: number
  readonly perAddress: number
  /** From all addresses together. */
  readonly perAccount: number
}

export function createSignInLimit(limits: SignInLimits, counters: Counters): SignInLimit {
  const byBoth = createRateLimit('sign-in', limits.perAccountAndAddress, counters)
  const byAddress = createRateLimit('sign-in-address', limits.perAddress, counters)
  const byAccount = createRateLimit('sign-in-account', limits.perAccount, counters)
  return {
    async take(email, address) {
      if (address === null) return
      const account = accountKey(email)
      const from = addressKey(address)
      // In this order: one address that has used up its own attempts does not use up those of the account.
      const retryAfter =
        (await byAddress.take(from)) ?? (await byBoth.take(`${from} ${account}`)) ?? (await byAccount.take(account))
      if (retryAfter === null) return
      const sentence = `Too many attempts to sign in. Try again in ${retryAfter} seconds.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    },
    async clear(email, address) {
      if (address !== null) await byBoth.clear(`${addressKey(address)} ${accountKey(email)}`)
    },
  }
}

/** E-mail addresses come from anybody and may have any length, and whoever looks into Redis is not to read them there. */
function accountKey(email: string): string {
  return hash('sha256', email.toLowerCase(), 'base64url')
}
