import type { Channel } from 'amqplib'
import { replyCodeOf } from '#server/amqp/amqp-error.ts'
import { closeWithin } from '#server/amqp/connection.ts'
import { dial } from '#server/amqp/dial.ts'
import { within } from '#server/amqp/within.ts'
import type { AmqpSettings, AmqpTarget } from '#server/config/amqp.ts'
import { deadName } from './dead-letters.ts'

/** What somebody who looks after a server wants to know of its RabbitMQ. */
export interface RabbitMqFound {
  readonly version: string
  /** Messages that wait, and nodes that take them; null when the server has never been there. */
  readonly queue: { readonly waiting: number; readonly consumers: number } | null
  /** Messages that were put aside. */
  readonly dead: number
}

/** @throws AmqpError */
export async function lookAtRabbitMq(
  target: AmqpTarget,
  { queue }: Pick<AmqpSettings, 'queue'>,
): Promise<RabbitMqFound> {
  const model = await dial(target, 'carillon doctor')
  model.on('error', () => {}) // the call under way fails and says so
  try {
    const { version = 'unknown' } = model.connection.serverProperties
    const own = await look((channel) => channel.checkQueue(queue))
    const dead = await look((channel) => channel.checkQueue(deadName(queue)))
    return {
      version,
      queue: own && { waiting: own.messageCount, consumers: own.consumerCount },
      dead: dead?.messageCount ?? 0,
    }
  } finally {
    await closeWithin(model, closeMs)
  }

  /** Null where there is no such queue, for which RabbitMQ closes the channel. */
  async function look<T>(ask: (channel: Channel) => Promise<T>): Promise<T | null> {
    const channel = await within(answerMs, model.createChannel())
    channel.on('error', () => {}) // the call under way fails and says so
    try {
      return await within(answerMs, ask(channel))
    } catch (error) {
      if (replyCodeOf(error) === 404) return null
      throw error
    }
  }
}

const answerMs = 5_000
const closeMs = 1_000
