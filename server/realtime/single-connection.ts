import type { Logger } from 'pino'
import { z } from 'zod'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Bus } from '#server/broker/bus.ts'
import type { Client } from './client.ts'
import type { Registry } from './registry.ts'

/** One connection for each user, the newest: where that is configured, one that comes in ends those before it. */
export interface SingleConnection extends Disposable {
  cameIn(client: Client): void
}

export interface SingleConnectionOptions {
  readonly enabled: boolean
  readonly bus: Bus
  readonly registry: Pick<Registry, 'clientsOf'>
  readonly log: Logger
}

const kind = 'single_connection'

/** `since` decides between two that come in on two nodes at the same time, so that one of them stays. */
const cameInMessage = z.object({ userId: z.string(), client: z.string(), since: z.number() })

export function createSingleConnection({ enabled, bus, registry, log }: SingleConnectionOptions): SingleConnection {
  if (!enabled) return { cameIn() {}, [Symbol.dispose]() {} }
  const stop = bus.handle(kind, (payload) => {
    const { userId, client, since } = cameInMessage.parse(payload)
    for (const other of registry.clientsOf(userId)) {
      if (other.id === client || other.since > since || (other.since === since && other.id > client)) continue
      other.close(closeReasons.connectionLimit)
    }
  })

  return {
    cameIn({ id, since, identity: { userId } }) {
      // Everybody without a name is somebody else.
      if (userId === '') return
      bus.tell(kind, { userId, client: id, since }).catch((error: unknown) => {
        log.warn({ err: error, user: userId }, 'connections on other nodes may not have been closed')
      })
    },
    [Symbol.dispose]: stop,
  }
}
