import { AuthError } from './auth-error.ts'
import type { Identity } from './identity.ts'

export type PersonIdentity = Extract<Identity, { kind: 'user' }>

/** Passwords and second factors are people's. Throws `forbidden` for all others. */
export function personOf(identity: Identity): PersonIdentity {
  if (identity.kind === 'user') return identity
  throw new AuthError('forbidden', 'This is for people. Sign in with an account of a person.')
}
