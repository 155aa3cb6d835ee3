import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import type { BetterAuth } from './better-auth.ts'
import { createConfirm } from './confirm.ts'
import type { Counters } from './counters.ts'
import { createCredentials } from './credentials.ts'
import type { Database } from './database.ts'
import { createFactorCodes } from './factor-codes.ts'
import type { FactorPolicy } from './factor-policy.ts'
import { createKnownDevices } from './known-devices.ts'
import { createLocks } from './locks.ts'
import type { Grants } from './oauth/grants.ts'
import { createPasskeys } from './passkeys.ts'
import { createPasswordChanges } from './password-changes.ts'
import type { Passwords } from './passwords.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Revocation } from './revocation.ts'
import { createSecondFactor } from './second-factor.ts'
import type { SessionLifetimes } from './session-lifetimes.ts'
import type { Sessions } from './sessions.ts'
import { createSignIn } from './sign-in.ts'
import { createSignInLimit, type SignInLimits } from './sign-in-limit.ts'

export interface SigningInParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly secret: string
  readonly sessions: Sessions
  readonly lifetimes: SessionLifetimes
  readonly identify: Auth['identify']
  readonly policy: FactorPolicy
  readonly passwords: Passwords
  readonly counters: Counters
  readonly limits: SignInLimits
  readonly revocation: Revocation
  readonly grants: Pick<Grants, 'end'>
  readonly audit: Audit
  readonly clock: () => number
}

/** All that is between a person and their session: passwords, codes, passkeys, and what bounds guessing them. */
export function createSigningIn(parts: SigningInParts) {
  const { database, passwords, counters, limits } = parts
  const credentials = createCredentials(database, passwords)
  const codes = createFactorCodes(parts)
  const knownDevices = createKnownDevices(parts)
  const locks = createLocks(parts)
  const limit = createSignInLimit({ ...parts, knownDevices, onLock: locks.remember })
  const confirm = createConfirm({ ...parts, credentials })
  const attempts = createRateLimit('passkey', limits.perAddress, counters)
  const passkeys = createPasskeys({ ...parts, knownDevices, attempts })
  const passwordChanges = createPasswordChanges({ ...parts, credentials, confirm, knownDevices })
  return {
    signIn: createSignIn({ ...parts, limit, credentials, codes, knownDevices }),
    secondFactor: createSecondFactor({ ...parts, codes, passkeys, confirm }),
    passkeys,
    passwordChanges,
    unlock: locks.unlock({ limit, confirm }),
  }
}
