import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import type { Logger } from 'pino'
import { type Answers, createAnswers } from './answers.ts'
import type { AmqpConnection } from './connection.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { keepChannel } from './kept-channel.ts'
import { within } from './within.ts'

/** Takes messages from queues for as long as it lives, over every interruption. */
export interface Consumer extends AsyncDisposable {
  /** Whether it takes messages now. */
  isUp(): boolean
  /** How many may be unanswered at a time, from now on. Only with `prefetchOf: 'channel'` also for what is running. */
  setPrefetch(prefetch: number): Promise<void>
  /** Takes nothing more until `resume`; what was taken can still be answered. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface ConsumerOptions {
  readonly connection: AmqpConnection
  readonly queues: readonly string[]
  /** Messages that may be unanswered at a time. Queues of the quorum type refuse to count for the whole channel. */
  readonly prefetch: number
  /** Default `consumer`: each queue counts for itself. */
  readonly prefetchOf?: 'consumer' | 'channel'
  /** RabbitMQ does not wait for answers: for messages that may be lost. Default false. */
  readonly noAck?: boolean
  /** Declares what is consumed, on each new connection. */
  readonly prepare?: (model: ChannelModel) => Promise<void>
  /**
   * Called in the order in which RabbitMQ delivers. What it throws, or rejects with, is logged, and the message goes back
   * to its queue if it was not answered.
   */
  readonly onMessage: (delivery: Delivery) => void | Promise<void>
  /** It has begun to take messages: at first, and after each interruption. */
  readonly onStarted?: () => void
  /** All deliveries so far have gone back to their queues, and their answers reach nobody. */
  readonly onInterrupted?: () => void
  readonly log: Logger
}

export function createConsumer(options: ConsumerOptions): Consumer {
  const { connection, queues, prefetchOf = 'consumer', noAck = false, prepare, onStarted, onInterrupted, log } = options
  let { prefetch } = options
  let isPaused = false
  let closed = false
  /** What RabbitMQ calls them, on the channel of now. */
  let tags: readonly string[] = []
  /** One for a channel, which has to know of all its messages. */
  let answers: Answers | null = null
  const channel = keepChannel<Channel>({
    connection,
    async open(model) {
      await prepare?.(model)
      return model.createChannel()
    },
    async prepare(opened) {
      await opened.prefetch(prefetch, prefetchOf === 'channel')
      answers = createAnswers(opened)
      if (!isPaused) await begin(opened, answers)
      // What came with the answer may have been reason enough to pause.
      if (isPaused) await end(opened)
      onStarted?.()
    },
    onEnded() {
      tags = []
      onInterrupted?.()
    },
    log,
  })

  return {
    isUp: () => channel.current() !== null,
    async setPrefetch(wanted) {
      prefetch = wanted
      await channel.current()?.prefetch(wanted, prefetchOf === 'channel')
    },
    async pause() {
      if (isPaused) return
      isPaused = true
      const current = channel.current()
      if (current !== null) await end(current)
    },
    async resume() {
      if (!isPaused || closed) return
      isPaused = false
      const current = channel.current()
      if (current === null || answers === null) return
      await begin(current, answers).catch(() => {}) // the channel has ended: the next one begins
    },
    async [Symbol.asyncDispose]() {
      closed = true
      isPaused = true
      answers?.flush()
      await channel[Symbol.asyncDispose]()
    },
  }

  async function begin(opened: Channel, of: Answers): Promise<void> {
    const begun: string[] = []
    for (const queue of queues) {
      const { consumerTag } = await opened.consume(queue, (message) => take(opened, of, queue, message), { noAck })
      begun.push(consumerTag)
    }
    tags = begun
  }

  /** Where the channel ends meanwhile, so do they. */
  async function end(opened: Channel): Promise<void> {
    const begun = tags
    tags = []
    await within(cancelTimeoutMs, Promise.all(begun.map((tag) => opened.cancel(tag)))).catch(() => {})
  }

  function take(opened: Channel, of: Answers, queue: string, message: ConsumeMessage | null): void {
    if (message === null) {
      log.warn({ queue }, 'a queue has been deleted in RabbitMQ; it is made again')
      opened.close().catch(() => {}) // closed already
      return
    }
    if (!noAck) of.delivered(message)
    const delivery = createDelivery(of, queue, message)
    // It was on its way already.
    if (isPaused && !noAck) {
      delivery.reject({ requeue: true })
      return
    }
    try {
      const work = options.onMessage(delivery)
      if (work instanceof Promise) work.catch((error: unknown) => giveBack(delivery, error))
    } catch (error) {
      giveBack(delivery, error)
    }
  }

  function giveBack(delivery: Delivery, error: unknown): void {
    log.error({ err: error, queue: delivery.queue }, 'a message could not be handled')
    if (!noAck) delivery.reject({ requeue: true })
  }
}

const cancelTimeoutMs = 2_000
