import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Bus, BusHandler } from './bus.ts'

export interface LocalBusOptions {
  readonly log: Logger
  /** This node's id; one is made up unless it has one already. */
  readonly node?: string
}

/** The bus of a single node: all nodes are this one. */
export function createLocalBus({ log, node = randomUUID() }: LocalBusOptions): Bus {
  const handlers = new Map<string, BusHandler>()

  return {
    node,
    async tell(kind, payload) {
      await hear(kind, payload, Number.POSITIVE_INFINITY)
    },
    async askAll(kind, payload, timeoutMs = answerMs) {
      const heard = await hear(kind, payload, timeoutMs)
      return heard ? { answers: new Map([[node, heard.answer]]), silent: [] } : { answers: new Map(), silent: [node] }
    },
    ask: async (to, kind, payload, timeoutMs = answerMs) => (to === node ? hear(kind, payload, timeoutMs) : null),
    handle(kind, handler) {
      if (handlers.has(kind)) throw new Error(`the bus has a handler for ${kind} already`)
      handlers.set(kind, handler)
      return () => void handlers.delete(kind)
    },
    nodes: async () => [node],
    async [Symbol.asyncDispose]() {
      handlers.clear()
    },
  }

  async function hear(kind: string, payload: unknown, timeoutMs: number): Promise<{ readonly answer: unknown } | null> {
    const handler = handlers.get(kind)
    if (!handler) return null
    const { promise: tooLate, resolve } = Promise.withResolvers<null>()
    const timer = Number.isFinite(timeoutMs) ? setTimeout(resolve, timeoutMs, null) : undefined
    try {
      // As it would arrive at another node: a copy, of JSON values only.
      const copy: unknown = payload === undefined ? undefined : JSON.parse(JSON.stringify(payload))
      return await Promise.race([answerOf(handler, copy), tooLate])
    } catch (error) {
      log.error({ err: error, kind }, 'a message on the bus failed')
      return null
    } finally {
      clearTimeout(timer)
    }
  }
}

/** How long an answer is waited for when nothing else is said, in milliseconds. */
const answerMs = 2_000

async function answerOf(handler: BusHandler, payload: unknown): Promise<{ readonly answer: unknown }> {
  return { answer: await handler(payload) }
}
