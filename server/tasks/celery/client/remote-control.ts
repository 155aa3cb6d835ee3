import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Amqp } from '#server/amqp/amqp.ts'
import { createConsumer } from '#server/amqp/consumer.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import { createPublisher } from '#server/amqp/publisher.ts'
import { declareTopology, type Topology } from '#server/amqp/topology.ts'
import { parseJson } from '../parse-json.ts'
import { createClock } from '../worker/clock.ts'
import { controlExchanges } from '../worker/topology.ts'

/** What is said to all workers of Celery at once, and what they answer. */
export interface RemoteControl extends AsyncDisposable {
  /** @throws AmqpError */
  tell(method: string, args: Readonly<Record<string, unknown>>): Promise<void>
  /** Who answers, and when, is theirs: `onReply` is called with each. @throws AmqpError */
  ask(method: string): Promise<void>
}

export interface RemoteControlOptions {
  readonly amqp: Amqp
  readonly exchange: string
  readonly onReply: (worker: string, method: string, reply: unknown) => void
  /** Answers can be heard: at first, and after each interruption. */
  readonly onReady: () => void
  readonly log: Logger
}

export function createRemoteControl(options: RemoteControlOptions): RemoteControl {
  const { amqp, exchange, onReply, onReady, log } = options
  const { requests, replies } = controlExchanges(exchange)
  const exchanges: Topology['exchanges'] = [
    { name: requests, type: 'fanout', durable: false },
    { name: replies, type: 'direct', durable: false },
  ]
  const address = randomUUID()
  const queue = `${address}.${replies}`
  const clock = createClock()
  /** What was asked, by the ticket that the answers bear. */
  const asked = new Map<string, string>()
  const publisher = createPublisher({
    ...{ connection: amqp.publishing, log },
    prepare: (model) => declareTopology(model, { exchanges }, { log }),
  })
  const consumer = createConsumer({
    ...{ connection: amqp.consuming, queues: [queue], prefetch: 100, noAck: true, log },
    prepare: (model) =>
      declareTopology(
        model,
        {
          exchanges,
          queues: [
            {
              ...{ name: queue, durable: false, autoDelete: true, exclusive: true },
              arguments: { 'x-expires': 10_000 },
            },
          ],
          bindings: [{ queue, exchange: replies, routingKey: address }],
        },
        { log },
      ),
    onMessage: hear,
    onStarted: onReady,
  })

  return {
    tell: (method, args) => send({ method, arguments: args }, 0),
    async ask(method) {
      const ticket = randomUUID()
      asked.set(ticket, method)
      setTimeout(() => asked.delete(ticket), answerMs).unref()
      const reply_to = { exchange: replies, routing_key: address }
      await send({ method, arguments: {}, ticket, reply_to }, (Date.now() + answerMs) / 1000)
    },
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await publisher[Symbol.asyncDispose]()
    },
  }

  async function send(request: Readonly<Record<string, unknown>>, expires: number): Promise<void> {
    await publisher.publish({
      ...{ exchange: requests, routingKey: '', persistent: false, mandatory: false },
      ...{ contentType: 'application/json', contentEncoding: 'utf-8' },
      content: Buffer.from(JSON.stringify({ ...request, destination: null, pattern: null, matcher: null })),
      headers: { clock: clock.tick(), expires },
    })
  }

  function hear({ headers, content }: Delivery): void {
    clock.saw(headers.clock)
    const method = asked.get(String(headers.ticket))
    if (method === undefined) return
    const answer = readAnswer(content)
    if (answer === null) log.debug({ method }, 'the answer of a worker cannot be read')
    for (const [worker, reply] of Object.entries(answer ?? {})) onReply(worker.slice(0, 255), method, reply)
  }
}

function readAnswer(content: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    return z.record(z.string(), z.unknown()).parse(parseJson(content))
  } catch {
    return null
  }
}

/** How long an answer is of use, in milliseconds. */
const answerMs = 10_000
