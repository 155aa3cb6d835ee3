import type { Channel, ConsumeMessage } from 'amqplib'

/** Tells RabbitMQ what became of the messages of one channel. */
export interface Answers {
  /** Every message of the channel that wants an answer, in the order in which they come. */
  delivered(message: ConsumeMessage): void
  ack(message: ConsumeMessage): void
  reject(message: ConsumeMessage, options: { readonly requeue: boolean }): void
  /** Now, instead of with all that come together. */
  flush(): void
}

/** Acknowledgements that come together are one where they are of all messages up to the last of them. */
export function createAnswers(channel: Channel): Answers {
  /** By their numbers, in order. */
  const open = new Map<number, ConsumeMessage>()
  const done = new Set<number>()

  return {
    delivered: (message) => void open.set(message.fields.deliveryTag, message),
    ack(message) {
      if (done.size === 0) process.nextTick(flush)
      done.add(message.fields.deliveryTag)
    },
    reject(message, { requeue }) {
      open.delete(message.fields.deliveryTag)
      send(() => channel.nack(message, false, requeue))
    },
    flush,
  }

  function flush(): void {
    let last: ConsumeMessage | undefined
    for (const [tag, message] of open) {
      if (!done.delete(tag)) break
      open.delete(tag)
      last = message
    }
    const together = last
    if (together !== undefined) send(() => channel.ack(together, true))
    for (const tag of done) {
      const message = open.get(tag)
      open.delete(tag)
      if (message !== undefined) send(() => channel.ack(message))
    }
    done.clear()
  }
}

function send(answer: () => void): void {
  try {
    answer()
  } catch {
    // The channel has ended: the message is back in its queue, and numbers of another channel mean other messages.
  }
}
