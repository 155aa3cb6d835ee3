import type { ChannelModel, ConfirmChannel, Message } from 'amqplib'
import type { Logger } from 'pino'
import { AmqpError, amqpError } from './amqp-error.ts'
import type { AmqpConnection } from './connection.ts'
import { keepChannel } from './kept-channel.ts'
import { createLine, type Waiting } from './publish-line.ts'
import { wrapIntegers } from './wrap-integers.ts'

/** Sends messages and knows what became of each. */
export interface Publisher extends AsyncDisposable {
  /**
   * Resolves when RabbitMQ has taken the message (a persistent one in a durable queue: written it down) and it is in a
   * queue. At once or within seconds it has an answer or failed; nothing waits for RabbitMQ to come back.
   *
   * @throws AmqpError
   */
  publish(message: OutgoingMessage): Promise<void>
  /** Whether it could publish now. */
  isUp(): boolean
  /** Messages that have no answer yet. */
  waiting(): number
  /** Resolves when nothing waits for an answer, or when time is up. */
  idle(timeoutMs: number): Promise<void>
}

export interface OutgoingMessage {
  /** Empty for the default exchange, whose routing keys are names of queues. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  /** Integers are wrapped: see `wrapIntegers`. */
  readonly headers?: Readonly<Record<string, unknown>>
  /** Default true: it survives a restart of RabbitMQ in a durable queue. */
  readonly persistent?: boolean
  /** Default true: that there is no queue for it is a failure. */
  readonly mandatory?: boolean
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly messageId?: string
  readonly correlationId?: string
  readonly replyTo?: string
  readonly type?: string
  /** Seconds since 1970. */
  readonly timestamp?: number
  readonly priority?: number
  /** After so many milliseconds in a queue it is dropped. */
  readonly expirationMs?: number
}

export interface PublisherOptions {
  readonly connection: AmqpConnection
  readonly log: Logger
  /** Declares what is published to, on each new channel. */
  readonly prepare?: (model: ChannelModel) => Promise<void>
  /** It can publish: at first, and again after each interruption. */
  readonly onReady?: () => void
  /** Messages on their way at a time; confirmed one by one they would be ten times slower. Default 500. */
  readonly window?: number
  /** Messages that may wait in all, and their size together. Default 10,000 and 64 MiB. */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
  /** How long a message may be without an answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { connection, log, prepare, onReady } = options
  const { window = 500, maxWaiting = 10_000, maxWaitingBytes = 64 * 1024 * 1024, timeoutMs = 5_000 } = options
  const line = createLine({ window, maxWaiting, maxWaitingBytes, timeoutMs, send })
  const channel = keepChannel<ConfirmChannel>({
    connection,
    async open(model) {
      await prepare?.(model)
      return model.createConfirmChannel()
    },
    async prepare(opened) {
      opened.on('return', (message: Message) => line.returned(opened, message))
    },
    onReady,
    onEnded: () => line.fail('away'),
    log,
  })
  const stop = connection.onBlocked((reason) => {
    // What has been sent is taken when RabbitMQ takes messages again, or has been already.
    if (reason !== null) line.failUnsent('blocked')
    else if (channel.current() !== null) onReady?.()
  })
  let closed = false

  return {
    async publish(message) {
      if (closed) throw amqpError('closed')
      if (connection.blocked() !== null) throw amqpError('blocked')
      if (channel.current() === null) throw amqpError('away')
      await line.add(message)
    },
    isUp,
    waiting: line.size,
    idle: line.idle,
    async [Symbol.asyncDispose]() {
      if (closed) return
      await line.idle(closeGraceMs)
      closed = true
      stop()
      await channel[Symbol.asyncDispose]()
      line.fail('closed')
    },
  }

  function isUp(): boolean {
    return channel.current() !== null && connection.blocked() === null
  }

  function send(waiting: Waiting, answer: (error: Error | null) => void): ConfirmChannel | null {
    const current = channel.current()
    if (current === null) return null
    const {
      exchange,
      routingKey,
      content,
      headers = {},
      persistent = true,
      mandatory = true,
      ...rest
    } = waiting.message
    const { expirationMs, ...properties } = rest
    try {
      current.publish(
        exchange,
        routingKey,
        content,
        {
          ...properties,
          ...(expirationMs !== undefined && { expiration: String(expirationMs) }),
          ...{ persistent, mandatory, headers: wrapIntegers(headers) },
        },
        (error) => answer(error === null ? null : refusal(error)),
      )
    } catch (error) {
      throw unsendable(error)
    }
    return current
  }
}

const closeGraceMs = 2_000

/** Without a connection behind it nobody knows; `message nacked` is an answer. */
function refusal(error: unknown): AmqpError {
  const text = error instanceof Error ? error.message : String(error)
  if (text !== 'message nacked') return amqpError('silent', error)
  return new AmqpError('refused', 'RabbitMQ could not take the message. Its log says why; try again later.', {
    cause: error,
  })
}

/** Names longer than 255 bytes, headers beyond 64 KiB. */
function unsendable(error: unknown): AmqpError {
  if (error instanceof AmqpError) return error
  if (error instanceof Error && error.name === 'IllegalOperationError') return amqpError('away', error)
  const text = error instanceof Error ? error.message : String(error)
  return new AmqpError('invalid', `The message cannot be sent: ${text}.`, { cause: error })
}
