import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { emulationRequest } from '#protocol/client-protocol.ts'
import { BrokerError } from '#server/broker/broker-error.ts'
import type { Bus } from '#server/broker/bus.ts'
import type { Forwarding } from './forwarding.ts'
import type { HttpTransport } from './http-transport.ts'
import type { EmulationOutcome, Realtime } from './realtime.ts'

/** Brings commands that come in requests of their own to the stream they belong to, here or on another node. */
export interface Emulation extends Disposable {
  /** Nobody can guess it: whoever names it speaks for that client. */
  newSession(): string
  add(session: string, transport: HttpTransport): void
  remove(session: string): void
  readonly take: Realtime['emulate']
}

export function createEmulation(bus: Bus, forwarding: Forwarding): Emulation {
  const streams = new Map<string, HttpTransport>()
  const stopHandling = bus.handle(kind, (payload) => deliver(commands.parse(payload)))

  return {
    newSession: () => randomBytes(32).toString('base64url'),
    add: (session, transport) => void streams.set(session, transport),
    remove: (session) => void streams.delete(session),
    async take({ session, node, data }, address) {
      return node === bus.node ? deliver({ session, data }) : forward(node, { session, data }, address)
    },
    [Symbol.dispose]: stopHandling,
  }

  function deliver({ session, data }: Commands): 'taken' | 'unknown' | 'full' {
    const stream = streams.get(session)
    if (!stream) return 'unknown'
    return stream.deliver(data) ? 'taken' : 'full'
  }

  async function forward(node: string, payload: Commands, address: string): Promise<EmulationOutcome> {
    if (!forwarding.begin(address)) return 'full'
    let isFound = false
    try {
      const answered = await ask(node, payload)
      isFound = answered === 'taken' || answered === 'full'
      return answered
    } finally {
      forwarding.end(address, isFound)
    }
  }

  async function ask(node: string, payload: Commands): Promise<EmulationOutcome> {
    try {
      const reply = await bus.ask(node, kind, payload)
      return reply ? outcome.parse(reply.answer) : 'unknown_node'
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return error.code === 'full' ? 'full' : 'unknown_node'
    }
  }
}

const kind = 'emulation'
const commands = emulationRequest.omit({ node: true })
type Commands = z.infer<typeof commands>
const outcome = z.enum(['taken', 'unknown', 'full'])
