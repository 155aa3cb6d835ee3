import type { Logger } from 'pino'
import type { Amqp } from '#server/amqp/amqp.ts'
import { AmqpError } from '#server/amqp/amqp-error.ts'
import { createPublisher, type OutgoingMessage } from '#server/amqp/publisher.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import type { AmqpSettings } from '#server/config/amqp.ts'
import type { Metrics } from '#server/metrics/metrics.ts'

/** What waits to be published in RabbitMQ, kept while that is away. Bounded: the oldest are dropped, and counted. */
export interface Outbound extends AsyncDisposable {
  add(message: OutgoingMessage): void
}

export interface OutboundOptions {
  readonly amqp: Amqp
  readonly settings: Pick<AmqpSettings['outward'], 'exchange' | 'buffer'>
  readonly metrics: Pick<Metrics, 'amqp'>
  readonly log: Logger
}

/** On their way at a time. */
const window = 200
/** Size of all that wait. */
const maxBytes = 64 * 1024 * 1024
const logEveryMs = 10_000
const closeGraceMs = 2_000

interface Item {
  readonly number: number
  readonly message: OutgoingMessage
}

export function createOutbound({ amqp, settings, metrics, log }: OutboundOptions): Outbound {
  const { exchange, buffer } = settings
  /** In order, oldest first. */
  let waiting: Item[] = []
  let waitingBytes = 0
  let onTheirWay = 0
  let last = 0
  let dropped = 0
  let report: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  let whenIdle: (() => void) | undefined
  const publisher = createPublisher({
    connection: amqp.publishing,
    window,
    prepare: (model) => declareTopology(model, { exchanges: [{ name: exchange, type: 'topic' }] }, { log }),
    onReady: pump,
    log,
  })

  return {
    add(message) {
      last += 1
      waiting.push({ number: last, message })
      waitingBytes += message.content.length
      trim()
      pump()
    },
    async [Symbol.asyncDispose]() {
      if (waiting.length + onTheirWay > 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        whenIdle = resolve
        const deadline = setTimeout(resolve, closeGraceMs)
        await promise
        clearTimeout(deadline)
      }
      clearTimeout(retry)
      clearTimeout(report)
      for (const _ of waiting) drop()
      waiting = []
      if (dropped > 0) sayDropped()
      await publisher[Symbol.asyncDispose]()
    },
  }

  function pump(): void {
    while (waiting.length > 0 && onTheirWay < window && publisher.isUp()) {
      const item = waiting.shift()
      if (item === undefined) return
      waitingBytes -= item.message.content.length
      onTheirWay += 1
      void send(item)
    }
  }

  async function send(item: Item): Promise<void> {
    try {
      await publisher.publish(item.message)
      metrics.amqp.outward('published')
    } catch (error) {
      keepOrDrop(item, error)
    } finally {
      onTheirWay -= 1
      if (waiting.length + onTheirWay === 0) whenIdle?.()
    }
    pump()
  }

  function keepOrDrop(item: Item, error: unknown): void {
    if (error instanceof AmqpError && (error.code === 'invalid' || error.code === 'refused')) {
      log.error({ reason: error.message, routingKey: item.message.routingKey }, 'RabbitMQ does not take this')
      drop()
      return
    }
    // Back to its place: those behind it failed with it, and come back in turn.
    const place = waiting.findIndex(({ number }) => number > item.number)
    waiting.splice(place === -1 ? waiting.length : place, 0, item)
    waitingBytes += item.message.content.length
    trim()
    // Without an answer, although connected: nothing else may come that would try again.
    retry ??= setTimeout(() => {
      retry = undefined
      pump()
    }, 1_000).unref()
  }

  function trim(): void {
    while (waiting.length > buffer || (waitingBytes > maxBytes && waiting.length > 1)) {
      waitingBytes -= waiting.shift()?.message.content.length ?? 0
      drop()
    }
  }

  function drop(): void {
    dropped += 1
    metrics.amqp.outward('dropped')
    report ??= setTimeout(sayDropped, logEveryMs).unref()
  }

  function sayDropped(): void {
    report = undefined
    log.error({ dropped }, 'RabbitMQ was away for too long: what happened here was not told there')
    dropped = 0
  }
}
