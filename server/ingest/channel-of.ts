import type { AmqpSettings } from '#server/config/amqp.ts'

/** From where a message came in RabbitMQ, in which channel it is published. */
export type ChannelOf = (exchange: string, routingKey: string) => string

export function createChannelOf({ bindings, channels }: Pick<AmqpSettings, 'bindings' | 'channels'>): ChannelOf {
  const rules = channels.map(({ match, channel }) => ({ pattern: new RegExp(`^(?:${match})$`, 'u'), channel }))
  /** Bindings that say where their messages go, by their exchange. */
  const fixed = Map.groupBy(
    bindings.flatMap(({ channel, ...binding }) => (channel === undefined ? [] : [{ ...binding, channel }])),
    ({ exchange }) => exchange,
  )

  return (exchange, routingKey) => {
    const bound = fixed.get(exchange) ?? []
    // One alone needs no pattern: where the exchange is a fanout, routing keys mean nothing.
    const binding =
      bound.length === 1 ? bound[0] : bound.find(({ routing_key }) => topicMatches(routing_key, routingKey))
    if (binding) return binding.channel
    for (const { pattern, channel } of rules) {
      if (pattern.test(routingKey)) return routingKey.replace(pattern, channel)
    }
    return routingKey.replace('.', ':')
  }
}

/** As a topic exchange does it: `*` stands for one word between dots, `#` for any number of them. */
export function topicMatches(pattern: string, routingKey: string): boolean {
  const words = pattern.split('.')
  /** Which beginnings of the pattern fit what has been read of the key: by the number of their words. */
  let fitting = spread(new Set([0]), words)
  for (const word of routingKey.split('.')) {
    const next = new Set<number>()
    for (const at of fitting) {
      if (words[at] === '#') next.add(at)
      else if (words[at] === '*' || words[at] === word) next.add(at + 1)
    }
    fitting = spread(next, words)
  }
  return fitting.has(words.length)
}

/** `#` may stand for nothing. */
function spread(at: Set<number>, words: readonly string[]): Set<number> {
  for (const index of at) if (words[index] === '#') at.add(index + 1)
  return at
}
