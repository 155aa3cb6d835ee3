import type { Channel, ChannelModel } from 'amqplib'
import { replyCodeOf } from '#server/amqp/amqp-error.ts'

/** How many messages wait in each of these queues; without those that RabbitMQ does not have. */
export async function depthsOf(model: ChannelModel, queues: Iterable<string>): Promise<ReadonlyMap<string, number>> {
  const depths = new Map<string, number>()
  let channel: Channel | null = null
  try {
    for (const queue of queues) {
      channel ??= await open(model)
      try {
        const { messageCount } = await channel.checkQueue(queue)
        depths.set(queue, messageCount)
      } catch (error) {
        // RabbitMQ closes the channel of who asks for what is not there, or is another's.
        channel = null
        if (![404, 403, 405].includes(replyCodeOf(error) ?? 0)) throw error
      }
    }
  } finally {
    await channel?.close().catch(() => {}) // closed already
  }
  return depths
}

async function open(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel()
  channel.on('error', () => {}) // the call that caused it says so
  return channel
}
