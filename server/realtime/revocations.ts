import type { Logger } from 'pino'
import { z } from 'zod'
import type { Revoked } from '#server/auth/auth.ts'
import { type Bus, lostKind } from '#server/broker/bus.ts'
import type { IdentityCheck } from './identity-check.ts'
import type { Registry } from './registry.ts'

/** Carries revocations to every node, also to one that was cut off for so long that it cannot be told of each. */
export interface Revocations extends Disposable {
  /**
   * This node hears of its own at once, before this returns: between the end of a session in the records and the mark
   * that connections are compared with, nothing may come.
   */
  tell(revoked: Revoked): void
}

export interface RevocationsOptions {
  readonly bus: Bus
  readonly registry: Pick<Registry, 'revoke'>
  readonly identityCheck: IdentityCheck
  readonly log: Logger
}

const retryMs = 1_000

export function createRevocations({ bus, registry, identityCheck, log }: RevocationsOptions): Revocations {
  const stops = [
    bus.handle(kind, (payload) => registry.revoke(revokedMessage.parse(payload))),
    bus.handle(lostKind, (payload) => {
      if (lostMessage.parse(payload)?.by !== bus.node) identityCheck.start()
      return null
    }),
  ]
  let retry: NodeJS.Timeout | undefined

  return {
    tell(revoked) {
      bus.tell(kind, revoked).catch((error: unknown) => {
        log.error({ err: error }, 'other nodes could not be told of a revocation; they look into the records later')
        sayLost()
      })
    },
    [Symbol.dispose]() {
      clearTimeout(retry)
      for (const stop of stops) stop()
    },
  }

  /** Until the others have heard it. What exactly was revoked may be out of date by then: they look for themselves. */
  function sayLost(): void {
    retry ??= setTimeout(() => {
      retry = undefined
      bus.tell(lostKind, { by: bus.node }).catch(sayLost)
    }, retryMs).unref()
  }
}

const kind = 'revoked'

const revokedMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), sessionId: z.string() }),
  z.object({ kind: z.literal('user'), userId: z.string(), changed: z.literal(true).optional() }),
])

/** Null when it was the bus itself that noticed. */
const lostMessage = z.object({ by: z.string() }).nullable()
