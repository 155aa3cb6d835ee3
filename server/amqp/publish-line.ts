import type { ConfirmChannel, Message } from 'amqplib'
import { AmqpError, amqpError, type amqpSentences } from './amqp-error.ts'
import type { OutgoingMessage } from './publisher.ts'

/** One message without an answer. */
export interface Waiting {
  readonly message: OutgoingMessage
  readonly settle: (error: Error | null) => void
}

/** Messages that wait to be sent, and behind them, those that were sent and have no answer yet. */
export interface Line {
  /** @throws AmqpError */
  add(message: OutgoingMessage): Promise<void>
  /** RabbitMQ gave one back: there is no queue for it. Its confirmation comes right behind. */
  returned(channel: ConfirmChannel, message: Message): void
  /** Everything fails: what was sent with `silent`, as nobody knows, and the rest for this reason. */
  fail(code: keyof typeof amqpSentences): void
  failUnsent(code: keyof typeof amqpSentences): void
  size(): number
  idle(timeoutMs: number): Promise<void>
}

export interface LineOptions {
  readonly window: number
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  readonly timeoutMs: number
  /**
   * Writes one and answers on which channel, or null when there is none.
   *
   * @throws AmqpError
   */
  send(waiting: Waiting, answer: (error: Error | null) => void): ConfirmChannel | null
}

export function createLine({ window, maxWaiting, maxWaitingBytes, timeoutMs, send }: LineOptions): Line {
  /** In the order of their coming. */
  const unsent = new Set<Waiting>()
  /** In the order of their sending, with where. */
  const sent = new Map<Waiting, ConfirmChannel>()
  /** Given back, and not confirmed yet. */
  const returnedOnes = new Set<Waiting>()
  let bytes = 0
  /** Without a confirmation from RabbitMQ: also those that are no longer waited for. */
  let onTheirWay = 0
  let whenIdle: (() => void)[] = []

  return {
    add(message) {
      const size = message.content.length
      const count = unsent.size + sent.size
      if (count >= maxWaiting || (count > 0 && bytes + size > maxWaitingBytes)) return Promise.reject(amqpError('full'))
      bytes += size
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => settle(sent.has(waiting) ? amqpError('silent') : amqpError('away')), timeoutMs)
      const settle = (error: Error | null) => {
        if (!unsent.delete(waiting) && !sent.delete(waiting)) return
        clearTimeout(timer)
        bytes -= size
        const isReturned = returnedOnes.delete(waiting)
        if (error !== null) reject(error)
        else if (isReturned) reject(unroutable(message))
        else resolve()
        if (unsent.size + sent.size === 0) tellIdle()
      }
      const waiting: Waiting = { message, settle }
      unsent.add(waiting)
      pump()
      return promise
    },
    returned(channel, { fields, content }) {
      for (const [waiting, where] of sent) {
        const { exchange, routingKey, content: own } = waiting.message
        const isIt =
          where === channel &&
          !returnedOnes.has(waiting) &&
          exchange === fields.exchange &&
          routingKey === fields.routingKey &&
          own.equals(content)
        if (!isIt) continue
        returnedOnes.add(waiting)
        return
      }
    },
    fail(code) {
      for (const { settle } of [...sent.keys()]) settle(amqpError('silent'))
      failUnsent(code)
    },
    failUnsent,
    size: () => unsent.size + sent.size,
    async idle(timeoutMs) {
      if (unsent.size + sent.size === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      whenIdle.push(resolve)
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
    },
  }

  function failUnsent(code: keyof typeof amqpSentences): void {
    // Not one after the other: each that goes makes room to send the next.
    const failing = [...unsent]
    for (const waiting of failing) {
      unsent.delete(waiting)
      sent.set(waiting, nowhere)
    }
    for (const { settle } of failing) settle(amqpError(code))
  }

  function pump(): void {
    for (const waiting of unsent) {
      if (onTheirWay >= window) return
      try {
        const channel = send(waiting, (error) => {
          onTheirWay -= 1
          waiting.settle(error)
          if (unsent.size > 0) pump()
        })
        if (channel === null) return
        onTheirWay += 1
        unsent.delete(waiting)
        sent.set(waiting, channel)
      } catch (error) {
        waiting.settle(error instanceof Error ? error : new AmqpError('invalid', String(error)))
      }
    }
  }

  function tellIdle(): void {
    const told = whenIdle
    whenIdle = []
    for (const tell of told) tell()
  }
}

/** Stands for the channel of what never was on one. */
const nowhere = {} as ConfirmChannel

function unroutable({ exchange, routingKey }: OutgoingMessage): AmqpError {
  const sentence =
    exchange === ''
      ? `There is no queue ${routingKey} in RabbitMQ. Start what consumes it, or correct the name.`
      : `No queue takes ${routingKey} from the exchange ${exchange} in RabbitMQ. Start what consumes it, or bind a queue.`
  return new AmqpError('unroutable', sentence)
}
