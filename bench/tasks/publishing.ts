import { destination, pino } from 'pino'
import { openAmqp } from '#server/amqp/amqp.ts'
import { createPublisher, type OutgoingMessage } from '#server/amqp/publisher.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import { amqpUrl } from '#server/config/amqp.ts'

export interface Publishing extends AsyncDisposable {
  /** Resolves when RabbitMQ has confirmed all of them; answers how many a second. */
  publish(messages: readonly OutgoingMessage[]): Promise<number>
}

/** What the server and the worker publish with. The window is theirs, unless another is given. */
export async function openPublishing(
  url: string,
  queues: readonly string[],
  { window }: { readonly window?: number } = {},
): Promise<Publishing> {
  const log = pino({ level: 'warn' }, destination({ dest: 2, sync: true }))
  await using parts = new AsyncDisposableStack()
  const amqp = parts.use(openAmqp({ target: amqpUrl.parse(url), name: 'bench', log }))
  const ready = Promise.withResolvers<void>()
  const publisher = parts.use(
    createPublisher({
      ...{ connection: amqp.publishing, log, onReady: ready.resolve, timeoutMs: 60_000, maxWaiting: 50_000 },
      ...(window !== undefined && { window }),
      prepare: (model) => declareTopology(model, { queues: queues.map((name) => ({ name })) }, { log }),
    }),
  )
  await ready.promise
  const opened = parts.move()

  return {
    async publish(messages) {
      const begun = performance.now()
      await Promise.all(messages.map((message) => publisher.publish(message)))
      return messages.length / ((performance.now() - begun) / 1000)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
