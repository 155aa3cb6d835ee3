import type { Identity } from '#server/auth/identity.ts'
import { HttpProblem } from './problem-reply.ts'

/** The device that asks. Throws `forbidden` for everybody else. */
export function deviceOf(identity: Identity): Extract<Identity, { kind: 'device' }> {
  if (identity.kind === 'device') return identity
  throw new HttpProblem('forbidden', 'This is for a device, with its own credential.')
}
