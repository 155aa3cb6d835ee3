import type { ChannelModel } from 'amqplib'
import type { Logger } from 'pino'
import { AmqpError } from '#server/amqp/amqp-error.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import type { AmqpSettings } from '#server/config/amqp.ts'
import { deadName } from './dead-letters.ts'

/** Most dead letters that are kept; the oldest are dropped. */
const maxDead = 100_000

/**
 * The exchange that events are published to, the queue that all nodes take from, and where the rest goes. Exchanges of
 * others are not made: one that is missing is said, and the rest works.
 *
 * @throws AmqpError
 */
export async function declareIngest(model: ChannelModel, settings: AmqpSettings, log: Logger): Promise<void> {
  const { exchange, queue, routing_keys: routingKeys, bindings } = settings
  const dead = deadName(queue)
  await declareTopology(
    model,
    {
      exchanges: [
        { name: exchange, type: 'topic' },
        { name: dead, type: 'topic' },
      ],
      queues: [{ name: queue }, { name: dead, arguments: { 'x-max-length': maxDead, 'x-overflow': 'drop-head' } }],
      bindings: [
        ...routingKeys.map((routingKey) => ({ queue, exchange, routingKey })),
        { queue: dead, exchange: dead, routingKey: '#' },
      ],
    },
    { log },
  )
  for (const { exchange: foreign, routing_key: routingKey } of bindings) {
    try {
      await declareTopology(model, { bindings: [{ queue, exchange: foreign, routingKey }] }, { log })
    } catch (error) {
      if (!(error instanceof AmqpError) || error.code !== 'refused') throw error
      log.error({ reason: error.message, exchange: foreign }, 'events of this exchange do not come')
    }
  }
}
