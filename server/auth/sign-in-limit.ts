import { AuthError } from './auth-error.ts'
import { addressKey, createRateLimit } from './rate-limit.ts'

/** Bounds guessing of passwords, over HTTP and in process alike. */
export interface SignInLimit {
  /** Counts an attempt. `address` is null for the server itself, which is not limited. Throws `rate_limited`. */
  take(email: string, address: string | null): void
  /** Somebody knew the password: their earlier slips are forgotten. */
  clear(email: string, address: string | null): void
}

/** Attempts per minute. */
export interface SignInLimits {
  readonly perAccountAndAddress: number
  readonly perAddress: number
  /** From all addresses together. */
  readonly perAccount: number
}

export function createSignInLimit(limits: SignInLimits, clock: () => number): SignInLimit {
  const byBoth = createRateLimit(limits.perAccountAndAddress, clock)
  const byAddress = createRateLimit(limits.perAddress, clock)
  const byAccount = createRateLimit(limits.perAccount, clock)
  return {
    take(email, address) {
      if (address === null) return
      const account = accountKey(email)
      const from = addressKey(address)
      // In this order: one address that has used up its own attempts does not use up those of the account.
      const retryAfter = byAddress.take(from) ?? byBoth.take(`${from} ${account}`) ?? byAccount.take(account)
      if (retryAfter === null) return
      const sentence = `Too many attempts to sign in. Try again in ${retryAfter} seconds.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    },
    clear(email, address) {
      if (address !== null) byBoth.clear(`${addressKey(address)} ${accountKey(email)}`)
    },
  }
}

/** E-mail addresses come from anybody and may have any length. */
function accountKey(email: string): string {
  return email.toLowerCase().slice(0, 254)
}
