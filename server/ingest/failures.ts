import { createHash } from 'node:crypto'
import type { Delivery } from '#server/amqp/delivery.ts'

/** How often messages have failed while others did not: one that always does must not be tried for ever. */
export interface Failures {
  note(delivery: Delivery): void
  /** Whether it has failed often enough. */
  isHopeless(delivery: Delivery): boolean
}

const attempts = 10
const maxRemembered = 10_000

export function createFailures(): Failures {
  /** Oldest first. */
  const counts = new Map<string, number>()

  return {
    note(delivery) {
      const key = keyOf(delivery)
      const count = counts.get(key) ?? 0
      counts.delete(key)
      counts.set(key, count + 1)
      const [oldest] = counts.keys()
      if (counts.size > maxRemembered && oldest !== undefined) counts.delete(oldest)
    },
    isHopeless: (delivery) => counts.size > 0 && (counts.get(keyOf(delivery)) ?? 0) >= attempts,
  }
}

/** RabbitMQ gives a message no name of its own. */
function keyOf({ exchange, routingKey, properties, content }: Delivery): string {
  const { messageId } = properties
  const own = typeof messageId === 'string' ? messageId : createHash('sha1').update(content).digest('base64')
  return `${exchange} ${routingKey} ${own}`
}
