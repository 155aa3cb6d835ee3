import type { Logger } from 'pino'
import type { Revoked } from './auth.ts'

/** Carries the news that tokens have stopped being valid from where it happens to whoever holds sockets. */
export interface Revocation {
  publish(revoked: Revoked): void
  onRevoked(listener: (revoked: Revoked) => void): () => void
}

export function createRevocation(log: Logger): Revocation {
  const listeners = new Set<(revoked: Revoked) => void>()
  return {
    publish(revoked) {
      log.info(revoked, 'revoked')
      for (const listener of listeners) {
        try {
          listener(revoked)
        } catch (error) {
          // The others must hear of it all the same.
          log.error({ err: error }, 'a listener for revocations failed')
        }
      }
    },
    onRevoked(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
