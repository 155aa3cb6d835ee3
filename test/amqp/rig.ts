import pino from 'pino'
import { expect, onTestFinished } from 'vitest'
import { type Amqp, openAmqp } from '#server/amqp/amqp.ts'
import { createConsumer } from '#server/amqp/consumer.ts'
import { createPublisher, type Publisher, type PublisherOptions } from '#server/amqp/publisher.ts'
import { declareTopology, type Topology } from '#server/amqp/topology.ts'
import { amqpUrl } from '#server/config/amqp.ts'

export interface AmqpRig {
  readonly amqp: Amqp
  readonly log: pino.Logger
  /** Lines of the log so far. */
  readonly logged: readonly string[]
}

/** Our side of a RabbitMQ, closed with the test. */
export async function openRig(url: string): Promise<AmqpRig> {
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const amqp = openAmqp({ target: amqpUrl.parse(url), name: 'of the test', log })
  onTestFinished(() => amqp[Symbol.asyncDispose]())
  await Promise.all([amqp.publishing.whenUp(10_000), amqp.consuming.whenUp(10_000)])
  return { amqp, log, logged }
}

export function messageTo(queue: string, text: string) {
  return { exchange: '', routingKey: queue, content: Buffer.from(text) }
}

/** On the connection of now. */
export async function declared(
  { amqp, log }: AmqpRig,
  topology: Topology,
  onConflict: 'use' | 'fail' = 'use',
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = amqp.publishing.onUp((model) => {
    declareTopology(model, topology, { log, onConflict }).then(resolve, reject)
  })
  await promise.finally(stop)
}

export async function publisherOf(
  { amqp, log }: AmqpRig,
  queue: string,
  options: Partial<PublisherOptions> = {},
): Promise<Publisher> {
  const prepare: PublisherOptions['prepare'] = (model) => declareTopology(model, { queues: [{ name: queue }] }, { log })
  const publisher = createPublisher({ connection: amqp.publishing, log, prepare, ...options })
  onTestFinished(() => publisher[Symbol.asyncDispose]())
  await publisherReady(publisher)
  return publisher
}

export async function publisherReady(publisher: Publisher): Promise<void> {
  await expect.poll(() => publisher.isUp()).toBe(true)
}

/** What comes, answered at once. */
export function consume({ amqp, log }: AmqpRig, queue: string): readonly string[] {
  const seen: string[] = []
  const consumer = createConsumer({
    connection: amqp.consuming,
    queues: [queue],
    prefetch: 100,
    prepare: (model) => declareTopology(model, { queues: [{ name: queue }] }, { log }),
    onMessage({ content, ack }) {
      seen.push(content.toString())
      ack()
    },
    log,
  })
  onTestFinished(() => consumer[Symbol.asyncDispose]())
  return seen
}
