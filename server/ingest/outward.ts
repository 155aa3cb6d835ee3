import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { namespaceOf } from '#protocol/channel.ts'
import type { TaskPush } from '#protocol/tasks.ts'
import type { Amqp } from '#server/amqp/amqp.ts'
import type { OutgoingMessage } from '#server/amqp/publisher.ts'
import type { Broker, NewPublication, Published } from '#server/broker/broker.ts'
import type { AmqpSettings } from '#server/config/amqp.ts'
import type { Metrics } from '#server/metrics/metrics.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { createOutbound } from './outbound.ts'
import { outwardHeader } from './read-event.ts'

/** What happens here, published in RabbitMQ for services to follow. Nobody here waits for it. */
export interface Outward extends AsyncDisposable {
  /** The same broker, whose publications in the chosen namespaces go out as well. */
  around(broker: Broker): Broker
  /** Coming and going of users, if that is asked for. */
  follow(hooks: Realtime['hooks']): void
  /** A task has come to its end, if that is asked for. */
  taskEnded(push: TaskPush): void
}

export interface OutwardOptions {
  readonly amqp: Amqp
  readonly settings: AmqpSettings['outward']
  readonly metrics: Pick<Metrics, 'amqp'>
  readonly log: Logger
}

export function createOutward({ amqp, settings, metrics, log }: OutwardOptions): Outward {
  const { exchange, presence, tasks } = settings
  const namespaces = new Set(settings.namespaces)
  const outbound = createOutbound({ amqp, settings, metrics, log })

  return {
    around(broker) {
      if (namespaces.size === 0) return broker
      return {
        ...broker,
        async publish(channel, policy, publication) {
          const published = await broker.publish(channel, policy, publication)
          if (!published.duplicate && namespaces.has(namespaceOf(channel))) {
            outbound.add(publicationMessage(channel, publication, published))
          }
          return published
        },
      }
    },
    follow(hooks) {
      if (!presence) return
      const teller = (routingKey: string) => (event: object) => tell(routingKey, event)
      hooks.on({ online: teller('presence.online'), offline: teller('presence.offline') })
    },
    taskEnded(push) {
      const { state, name } = push.task
      if (tasks) tell(`tasks.${state}.${name}`, push)
    },
    [Symbol.asyncDispose]: () => outbound[Symbol.asyncDispose](),
  }

  function tell(routingKey: string, data: unknown): void {
    outbound.add({
      exchange,
      routingKey,
      content: Buffer.from(JSON.stringify(data)),
      // It never comes back as an event.
      headers: { [outwardHeader]: '' },
      messageId: randomUUID(),
      ...common(),
    })
  }

  function publicationMessage(
    channel: string,
    { data, tags, info }: NewPublication,
    { offset, epoch }: Published,
  ): OutgoingMessage {
    return {
      exchange,
      routingKey: channel.replace(':', '.'),
      content: Buffer.from(data),
      headers: {
        ...tags,
        [outwardHeader]: channel,
        ...(offset > 0 && { 'x-carillon-offset': offset, 'x-carillon-epoch': epoch }),
        ...(info && { 'x-carillon-user': info.user }),
      },
      messageId: offset > 0 ? `${epoch}-${offset}` : randomUUID(),
      ...common(),
    }
  }
}

/** That nobody follows is no failure. */
function common() {
  return {
    mandatory: false,
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    timestamp: Math.floor(Date.now() / 1000),
  }
}
