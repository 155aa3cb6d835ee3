import type { Logger } from 'pino'
import type { AmqpConnection } from '#server/amqp/connection.ts'
import { type Consumer, createConsumer } from '#server/amqp/consumer.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import { decodeResult, type TaskResult } from '../result-document.ts'

export interface ReplyQueueOptions {
  readonly connection: AmqpConnection
  readonly queue: string
  /** The message stays in the queue until this has resolved. */
  readonly onResult: (result: TaskResult) => Promise<void>
  readonly log: Logger
}

/**
 * Takes what workers without Redis send to this node. The queue outlives a restart of it; workers only publish to it, so
 * that its arguments are our own affair.
 */
export function consumeReplies({ connection, queue, onResult, log }: ReplyQueueOptions): Consumer {
  return createConsumer({
    ...{ connection, queues: [queue], prefetch: 500, log },
    prepare: (model) =>
      declareTopology(model, { queues: [{ name: queue, arguments: { 'x-expires': expiresMs } }] }, { log }),
    async onMessage(delivery) {
      const result = decodeResult(delivery.content)
      if (result === null) log.warn({ task: delivery.properties.correlationId }, 'a result cannot be read')
      else await onResult(result)
      delivery.ack()
    },
  })
}

/** A node that does not come back within a day leaves nothing behind. */
const expiresMs = 24 * 3600 * 1000
