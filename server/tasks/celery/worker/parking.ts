import type { ChannelModel } from 'amqplib'
import type { Logger } from 'pino'
import type { AmqpConnection } from '#server/amqp/connection.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import type { Publisher } from '#server/amqp/publisher.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import { withoutBrokersOwn } from '../decode-task.ts'

/** Where tasks wait whose time is far off: unacknowledged, RabbitMQ would take them back after half an hour. */
export interface Parking {
  /**
   * Puts the message aside until not later than `at`, and acknowledges it. It comes back to the queue it came from.
   *
   * @throws AmqpError
   */
  park(delivery: Delivery, at: number): Promise<void>
}

export interface ParkingOptions {
  readonly connection: AmqpConnection
  readonly publisher: Publisher
  readonly log: Logger
}

/** How long a queue stays behind its last message, in milliseconds. */
const graceMs = 3600_000
/** It is declared again before that could have passed. */
const declareAgainMs = graceMs / 2

export function createParking({ connection, publisher, log }: ParkingOptions): Parking {
  /** When each was declared last, on the connection of now. */
  const declared = new Map<string, number>()
  let model: ChannelModel | null = null
  connection.onUp((opened, ended) => {
    model = opened
    declared.clear()
    ended.addEventListener('abort', () => {
      if (model === opened) model = null
    })
  })
  return {
    async park(delivery, at) {
      const seconds = rung((at - Date.now()) / 1000)
      const name = `carillon.delay.${seconds}.${delivery.queue}`
      await declare(name, seconds * 1000, delivery.queue)
      const { contentType, contentEncoding, correlationId, replyTo, priority } = delivery.properties
      await publisher.publish({
        ...{ exchange: '', routingKey: name, content: delivery.content, headers: withoutBrokersOwn(delivery.headers) },
        ...(typeof contentType === 'string' && { contentType }),
        ...(typeof contentEncoding === 'string' && { contentEncoding }),
        ...(typeof correlationId === 'string' && { correlationId }),
        ...(typeof replyTo === 'string' && { replyTo }),
        ...(typeof priority === 'number' && { priority }),
      })
      delivery.ack()
    },
  }

  /** One time to live a queue: messages that differ in it would wait behind each other. */
  async function declare(name: string, ttlMs: number, target: string): Promise<void> {
    const since = declared.get(name)
    if (model === null || (since !== undefined && since > Date.now() - declareAgainMs)) return
    declared.set(name, Date.now())
    const args = {
      ...{ 'x-message-ttl': ttlMs, 'x-expires': ttlMs + graceMs },
      ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': target },
    }
    try {
      await declareTopology(model, { queues: [{ name, arguments: args }] }, { log })
    } catch (error) {
      declared.delete(name)
      throw error
    }
  }
}

/** Powers of two, so that there are few queues: who comes back too early is put aside again. At most 12 days. */
export function rung(seconds: number): number {
  return 2 ** Math.min(Math.max(Math.floor(Math.log2(Math.max(seconds, 1))), 0), 20)
}
