import type { Logger } from 'pino'
import { z } from 'zod'
import type { Revoked } from '#server/auth/auth.ts'
import type { Bus } from '#server/broker/bus.ts'

/**
 * Carries revocations to every node. This node hears of its own at once, before `tell` answers: between the end of a
 * session in the records and the mark that connections are compared with, nothing may come.
 */
export function tellRevocations(bus: Bus, log: Logger): (revoked: Revoked) => void {
  return (revoked) => {
    bus.tell(kind, revoked).catch((error: unknown) => {
      log.error({ err: error }, 'other nodes may not have been told of a revocation')
    })
  }
}

/** Returns the end of listening. */
export function hearRevocations(bus: Bus, revoke: (revoked: Revoked) => void): () => void {
  return bus.handle(kind, (payload) => revoke(revokedMessage.parse(payload)))
}

const kind = 'revoked'

const revokedMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), sessionId: z.string() }),
  z.object({ kind: z.literal('user'), userId: z.string(), changed: z.literal(true).optional() }),
])
