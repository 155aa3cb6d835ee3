import { z } from 'zod'
import { personRole } from '#protocol/roles.ts'
import { timeSpan } from './namespaces.ts'

/** When an account is locked for passwords after wrong ones. Times in seconds. */
export const signInSettings = z.strictObject({
  /** Wrong passwords or codes within `window`; from browsers and addresses that are known, so many for each. */
  attempts: z.int().min(3).max(100).default(10),
  window: timeSpan.refine(isBetween(60, 3600), 'Give from a minute to an hour.').default(15 * 60),
  /** The longest lock. It bounds what anybody who guesses can do to the person. */
  longest_lock: timeSpan.refine(isBetween(60, 15 * 60), 'Give from a minute to 15 minutes.').default(15 * 60),
  /** Attempts in a minute from one address that is not known, at whatever accounts. */
  attempts_per_address: z.int().min(1).default(100),
})

/** Who must have an authenticator app or a passkey. */
export const secondFactorSettings = z.strictObject({
  required_for: z.array(personRole).max(3).default(['admin']),
  /** How long after its creation an account may do without. In seconds. */
  grace: timeSpan.default(7 * 24 * 3600),
})

function isBetween(least: number, most: number) {
  return (seconds: number) => seconds >= least && seconds <= most
}
