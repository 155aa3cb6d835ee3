import { type ChannelModel, type ConfirmChannel, connect, type GetMessage, type Options } from 'amqplib'

/** Another service, which knows RabbitMQ and nothing of Carillon. */
export interface AmqpService extends AsyncDisposable {
  /** Resolves when RabbitMQ has it. */
  publish(routingKey: string, body: unknown, options?: PublishOptions): Promise<void>
  /** Takes one message from a queue; null when there is none. */
  get(queue: string): Promise<GetMessage | null>
  /** How many messages wait in a queue. */
  count(queue: string): Promise<number>
  /** How many read from a queue, none from one that does not exist yet. */
  consumers(queue: string): Promise<number>
  readonly channel: ConfirmChannel
}

export interface PublishOptions extends Options.Publish {
  readonly exchange?: string
}

export async function openService(url: string): Promise<AmqpService> {
  const connection: ChannelModel = await connect(url)
  connection.on('error', () => {}) // the test says what it expects
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => {})

  return {
    channel,
    publish: (routingKey, body, { exchange = 'carillon.events', ...options } = {}) =>
      new Promise((resolve, reject) => {
        const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
        channel.publish(exchange, routingKey, content, { persistent: true, ...options }, (error) =>
          error === null ? resolve() : reject(error),
        )
      }),
    async get(queue) {
      const message = await channel.get(queue, { noAck: true })
      return message === false ? null : message
    },
    count: async (queue) => (await channel.checkQueue(queue)).messageCount,
    async consumers(queue) {
      // Of its own: asking for a queue that does not exist closes the channel.
      const asking = await connection.createChannel()
      asking.on('error', () => {})
      try {
        const { consumerCount } = await asking.checkQueue(queue)
        await asking.close()
        return consumerCount
      } catch {
        return 0
      }
    },
    async [Symbol.asyncDispose]() {
      await connection.close().catch(() => {}) // closed already
    },
  }
}

/** Publishes all of them in order, with confirms, and begins again where it was cut off: none is left out. */
export async function publishThrough(
  url: string,
  messages: readonly { readonly routingKey: string; readonly body: unknown; readonly messageId: string }[],
  { signal, onConfirmed }: { readonly signal: AbortSignal; onConfirmed(count: number): void },
): Promise<void> {
  const open = new Set(messages)
  let confirmed = 0
  while (open.size > 0) {
    signal.throwIfAborted()
    try {
      await using service = await openService(url)
      for (const chunk of inChunks([...open], 200)) {
        await Promise.all(
          chunk.map(async (message) => {
            const { routingKey, body, messageId } = message
            await service.publish(routingKey, body, { messageId, contentType: 'application/json' })
            if (!open.delete(message)) return
            confirmed += 1
            onConfirmed(confirmed)
          }),
        )
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)) // RabbitMQ is away, which is what is tested
    }
  }
}

function inChunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}
