import { closeReasons } from '#protocol/close-reasons.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Sample } from '#server/metrics/metrics.ts'
import { Connection } from './connection.ts'
import { countedAddress } from './counted-address.ts'
import { createGate, type GateRefusal } from './gate.ts'
import type { Refusal } from './realtime.ts'
import type { Services } from './services.ts'
import type { Transport } from './transport.ts'

/** All connections of this node, from the request that opens one to the shutdown that closes them all. */
export interface Connections {
  /** Why no other may come from this address now, as an answer to the request; null when it may. */
  refusal(address: string): Refusal | null
  /** The same, when it is only to be known: nobody has been refused yet. */
  isFull(address: string): boolean
  /** `known` is whom the request already told, `revocationMark` where revocations stood when it did. */
  begin(transport: Transport, known: Identity | null, revocationMark: number, address: string): void
  /** How many there are, of what kind, and what waits to be written to them. */
  sample(): Pick<Sample, 'connections' | 'queueBytes' | 'longestQueueBytes'>
  /** Refuses new ones and closes those there are, spread over time because every client comes back within a second or so. */
  closeAll(): Promise<void>
}

const closesAStep = 100

export function createConnections(services: Services): Connections {
  const { limits, metrics, clock } = services
  const gate = createGate({ limits, clock, keyOf: countedAddress })
  const connections = new Set<Connection>()
  let whenEmpty: (() => void) | undefined
  let isClosing = false

  return {
    refusal(address) {
      const reason = isClosing ? 'shutdown' : gate.refusal(address)
      if (reason === null) return null
      metrics.refused(reason)
      return { status: 503, sentence: sentences[reason] }
    },
    isFull: (address) => isClosing || gate.refusal(address) !== null,
    begin(transport, known, revocationMark, address) {
      const visit = gate.enter(address, known !== null, () => {
        metrics.refused('waiting')
        connection.terminate()
      })
      const connection = new Connection({ transport, services, known, revocationMark, address, visit, onGone })
      connections.add(connection)
    },
    sample() {
      const counts = new Map<string, { transport: string; kind: string; count: number }>()
      let queueBytes = 0
      let longestQueueBytes = 0
      for (const { transport, kind, waitingBytes } of connections) {
        const key = `${transport} ${kind}`
        const known = counts.get(key)
        if (known) known.count += 1
        else counts.set(key, { transport, kind, count: 1 })
        queueBytes += waitingBytes
        longestQueueBytes = Math.max(longestQueueBytes, waitingBytes)
      }
      return { connections: [...counts.values()], queueBytes, longestQueueBytes }
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

  function onGone(connection: Connection): void {
    connections.delete(connection)
    if (connections.size === 0) whenEmpty?.()
  }
}

const sentences = {
  shutdown: 'The server is shutting down. Try again in a moment.',
  connections: 'Too many connections. Try again later.',
  address: 'Too many connections from this address. Close some, or try again later.',
  waiting: 'Too many connections from this address that have not said who they are. Try again later.',
  rate: 'Too many new connections at once. Try again in a second.',
} as const satisfies Record<GateRefusal | 'shutdown', string>
