import { closeReasons } from '#protocol/close-reasons.ts'
import type { Identity } from '#server/auth/identity.ts'
import { Connection } from './connection.ts'
import type { Refusal } from './realtime.ts'
import type { Services } from './services.ts'
import type { Transport } from './transport.ts'

/** All connections of this node, from the request that opens one to the shutdown that closes them all. */
export interface Connections {
  /** Why there can be no more of them, as an answer to the request; null when another one may come. */
  refusal(): Refusal | null
  /** `known` is whom the request already told, `revocationMark` where revocations stood when it did. */
  begin(transport: Transport, known: Identity | null, revocationMark: number): void
  /** Refuses new ones and closes those there are, spread over time because every client comes back within a second or so. */
  closeAll(): Promise<void>
}

const closesAStep = 100

export function createConnections(services: Services): Connections {
  const { limits } = services
  const connections = new Set<Connection>()
  let whenEmpty: (() => void) | undefined
  let isClosing = false

  const onGone = (connection: Connection) => {
    connections.delete(connection)
    if (connections.size === 0) whenEmpty?.()
  }

  return {
    refusal() {
      if (isClosing) return { status: 503, sentence: 'The server is shutting down. Try again in a moment.' }
      if (connections.size < limits.maxConnections) return null
      return { status: 503, sentence: 'Too many connections. Try again later.' }
    },
    begin(transport, known, revocationMark) {
      const connection = new Connection({ transport, services, known, revocationMark, onGone })
      connections.add(connection)
    },
    async closeAll() {
      isClosing = true
      if (connections.size === 0) return
      const allGone = new Promise<void>((resolve) => {
        whenEmpty = resolve
      })
      const all = [...connections]
      const steps = Math.ceil(all.length / closesAStep)
      const pauseMs = Math.min(limits.shutdownSpreadMs / steps, 100)
      for (let step = 0; step < steps; step++) {
        for (const connection of all.slice(step * closesAStep, (step + 1) * closesAStep)) {
          connection.close(closeReasons.shutdown)
        }
        if (step + 1 < steps) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      // Each connection cuts its own socket after its grace; this is for what might be left all the same.
      const stragglers = setTimeout(() => {
        for (const connection of connections) connection.terminate()
      }, limits.closeGraceMs + 500)
      await allGone
      clearTimeout(stragglers)
    },
  }
}
