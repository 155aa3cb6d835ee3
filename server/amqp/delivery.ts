import type { ConsumeMessage, MessageProperties } from 'amqplib'
import type { Answers } from './answers.ts'
import { unreadableBecause } from './foreign-headers.ts'

/** One message as it was taken from a queue. What others put into it is not to be trusted. */
export interface Delivery {
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  /** Somebody may have had it before. */
  readonly redelivered: boolean
  readonly content: Buffer
  /** By the sender, and of no particular shape. */
  readonly properties: Readonly<Record<keyof Omit<MessageProperties, 'headers'>, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  /** Why headers and properties could not be read, and are empty; null when they could. */
  readonly unreadable: string | null
  /**
   * It has been dealt with. The first answer counts; one after the channel has ended reaches nobody, and the message has
   * gone back to its queue.
   */
  ack(): void
  /** Back to its queue, or else to where the queue's dead letters go, if anywhere. */
  reject(options: { readonly requeue: boolean }): void
}

export function createDelivery(answers: Answers, queue: string, message: ConsumeMessage): Delivery {
  const { fields, properties, content } = message
  const { headers = {}, ...rest } = properties
  let answered = false

  return {
    queue,
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    redelivered: fields.redelivered,
    content,
    properties: rest,
    headers,
    unreadable: unreadableBecause(headers),
    ack() {
      if (!answered) answers.ack(message)
      answered = true
    },
    reject(options) {
      if (!answered) answers.reject(message, options)
      answered = true
    },
  }
}
