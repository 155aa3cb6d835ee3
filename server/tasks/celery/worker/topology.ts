import type { Topology } from '#server/amqp/topology.ts'
import type { TaskSettings } from '#server/config/tasks.ts'

/** What Celery declares, with its very arguments: another one under the same name would be refused. */
export function taskTopology(queues: readonly string[], settings: TaskSettings['celery']): Topology {
  const configured = queues.map((name) => ({ name, arguments: queueArguments(name, settings) }))
  const deadLetters = settings.queues.flatMap(({ name, dead_letter }) =>
    dead_letter !== undefined && queues.includes(name) ? [{ name: dead_letter }] : [],
  )
  return {
    exchanges: queues.map((name) => ({ name, type: 'direct' })),
    queues: [...configured, ...deadLetters],
    bindings: queues.map((name) => ({ queue: name, exchange: name, routingKey: name })),
  }
}

/** Arguments that the site has asked for; none on other queues, least of all on `celery`. */
export function queueArguments(queue: string, { queues }: TaskSettings['celery']): Record<string, unknown> {
  const wanted = queues.find(({ name }) => name === queue)
  if (wanted === undefined) return {}
  return {
    ...(wanted.type === 'quorum' && { 'x-queue-type': 'quorum' }),
    ...(wanted.max_priority !== undefined && { 'x-max-priority': wanted.max_priority }),
    ...(wanted.delivery_limit !== undefined && { 'x-delivery-limit': wanted.delivery_limit }),
    ...(wanted.dead_letter !== undefined && {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': wanted.dead_letter,
    }),
  }
}

export function isQuorum(queue: string, { queues }: TaskSettings['celery']): boolean {
  return queues.some(({ name, type }) => name === queue && type === 'quorum')
}

export function eventTopology({ event_exchange: name }: TaskSettings['celery']): Topology {
  return { exchanges: [{ name, type: 'topic' }] }
}

/** The exchanges of remote control, and this worker's own queue there. */
export function controlTopology({ control_exchange }: TaskSettings['celery'], node: string): Topology {
  const { requests, replies } = controlExchanges(control_exchange)
  const queue = controlQueue(control_exchange, node)
  return {
    exchanges: [
      { name: requests, type: 'fanout', durable: false },
      { name: replies, type: 'direct', durable: false },
    ],
    queues: [
      {
        ...{ name: queue, durable: false, autoDelete: true, exclusive: true },
        arguments: { 'x-expires': 10_000, 'x-message-ttl': 300_000 },
      },
    ],
    bindings: [{ queue, exchange: requests, routingKey: '' }],
  }
}

export function controlExchanges(name: string): { readonly requests: string; readonly replies: string } {
  return { requests: `${name}.pidbox`, replies: `reply.${name}.pidbox` }
}

export function controlQueue(name: string, node: string): string {
  return `${node}.${name}.pidbox`
}
