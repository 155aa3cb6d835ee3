import { BrokerError } from '#server/broker/broker-error.ts'
import type { Bus, BusHandler } from '#server/broker/bus.ts'

/** Nodes that hear each other in one process, and can be taken away. */
export interface LinkedBuses {
  /** The bus of a new node. */
  join(name: string): Bus
  /** It is dead: nobody sees or hears it any more. */
  kill(name: string): void
  /** It is there and does not answer. */
  silence(name: string): void
  /** Ends both. */
  restore(name: string): void
}

export function linkBuses(): LinkedBuses {
  const nodes = new Map<string, Map<string, BusHandler>>()
  const dead = new Set<string>()
  const silent = new Set<string>()
  const alive = () => [...nodes.keys()].filter((name) => !dead.has(name))
  const copy = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

  async function hear(name: string, kind: string, payload: unknown): Promise<{ answer: unknown } | null> {
    const handler = nodes.get(name)?.get(kind)
    if (!handler || dead.has(name) || silent.has(name)) return null
    return { answer: copy(await handler(copy(payload))) }
  }

  return {
    join(node) {
      const handlers = new Map<string, BusHandler>()
      nodes.set(node, handlers)
      return {
        node,
        async tell(kind, payload) {
          if (dead.has(node)) throw new BrokerError('unavailable', 'this node is cut off')
          for (const name of alive()) await hear(name, kind, payload)
        },
        async askAll(kind, payload) {
          const answers = new Map<string, unknown>()
          for (const name of alive()) {
            const heard = await hear(name, kind, payload)
            if (heard) answers.set(name, heard.answer)
          }
          return { answers, silent: alive().filter((name) => !answers.has(name)) }
        },
        ask: (name, kind, payload) => hear(name, kind, payload),
        handle(kind, handler) {
          handlers.set(kind, handler)
          return () => void handlers.delete(kind)
        },
        async nodes() {
          if (dead.has(node)) throw new BrokerError('unavailable', 'this node is cut off')
          return alive()
        },
        async [Symbol.asyncDispose]() {
          nodes.delete(node)
        },
      }
    },
    kill: (name) => void dead.add(name),
    silence: (name) => void silent.add(name),
    restore(name) {
      dead.delete(name)
      silent.delete(name)
    },
  }
}
