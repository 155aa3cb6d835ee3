import type { Logger } from 'pino'
import { maxPublicationBytes } from '#protocol/publications.ts'
import type { Amqp } from '#server/amqp/amqp.ts'
import { createConsumer } from '#server/amqp/consumer.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import { createPublisher } from '#server/amqp/publisher.ts'
import { retryDelay } from '#server/amqp/retry-delay.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { AmqpSettings } from '#server/config/amqp.ts'
import type { Metrics } from '#server/metrics/metrics.ts'
import type { PublishCall, PublishOutcome, Realtime } from '#server/realtime/realtime.ts'
import { createChannelOf } from './channel-of.ts'
import { sendDead } from './dead-letters.ts'
import { createFailures } from './failures.ts'
import { createOrder } from './order.ts'
import { type Dead, type DeadReason, readEvent } from './read-event.ts'
import { declareIngest } from './topology.ts'

/** Events that other services publish in RabbitMQ, published in the channels that they name. */
export interface Ingest extends AsyncDisposable {
  /** Whether events come. */
  isUp(): boolean
}

export interface IngestOptions {
  readonly amqp: Amqp
  readonly settings: AmqpSettings
  readonly realtime: Pick<Realtime, 'publish' | 'hooks'>
  readonly metrics: Pick<Metrics, 'amqp'>
  readonly log: Logger
  /** Between one attempt and the next while publications are not taken, in milliseconds. */
  readonly pauseMs?: (attempt: number) => number
}

/** What becomes of a message: it has been published, it never will be, or not now. */
type Fate =
  | { readonly kind: 'done'; readonly duplicate: boolean }
  | Dead
  | { readonly kind: 'later'; readonly why: string }

/**
 * Takes events from the queue that all nodes share. A message is acknowledged when the broker has accepted its
 * publication; until then it is RabbitMQ's, and whoever is cut off in between publishes it once more under the same
 * idempotency key. While publications are not taken (Redis is away), this node takes no messages, gives back what it has
 * and tries again after a while, so that other nodes have them meanwhile and nothing runs hot.
 */
export function createIngest(options: IngestOptions): Ingest {
  const { amqp, settings, realtime, metrics, log, pauseMs = (attempt) => retryDelay(attempt + 2) } = options
  const channelOf = createChannelOf(settings)
  const failures = createFailures()
  const inOrder = createOrder(() => realtime.hooks.decides('beforePublish'))
  /** Messages that are being published. */
  let underWay = 0
  let whenIdle: (() => void)[] = []
  /** Messages that go back to the queue when all others have their answer. */
  let waiting: Delivery[] = []
  let attempt = 0
  /** Since messages are taken again. */
  let published = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const deadLetters = createPublisher({ connection: amqp.publishing, log })
  const consumer = createConsumer({
    connection: amqp.consuming,
    queues: [settings.queue],
    prefetch: settings.prefetch,
    prepare: (model) => declareIngest(model, settings, log),
    onMessage: take,
    log,
  })

  return {
    isUp: consumer.isUp,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      clearTimeout(timer)
      await consumer.pause()
      await idle(closeGraceMs)
      giveBack()
      await Promise.all([consumer[Symbol.asyncDispose](), deadLetters[Symbol.asyncDispose]()])
    },
  }

  async function take(delivery: Delivery): Promise<void> {
    underWay += 1
    try {
      await settle(delivery, await handle(delivery))
    } finally {
      underWay -= 1
      if (underWay === 0) tellIdle()
    }
  }

  async function handle(delivery: Delivery): Promise<Fate> {
    const event = readEvent(delivery, channelOf)
    if (!event.ok) return event
    const { call } = event
    return inOrder(call.channel, () => publish(call, delivery))
  }

  async function publish(call: PublishCall, { content }: Delivery): Promise<Fate> {
    try {
      return fateOf(await realtime.publish(rabbitmq, call), content.length)
    } catch (error) {
      log.error({ err: error, channel: call.channel }, 'an event could not be published')
      return { kind: 'later', why: 'it could not be published' }
    }
  }

  async function settle(delivery: Delivery, fate: Fate): Promise<void> {
    if ('reason' in fate) return bury(delivery, fate)
    if (fate.kind === 'later') {
      if (!failures.isHopeless(delivery)) return tryLater(delivery, fate.why)
      return bury(delivery, { ok: false, reason: 'failed', detail: fate.why })
    }
    delivery.ack()
    published += 1
    attempt = 0
    metrics.amqp.ingested(fate.duplicate ? 'duplicate' : 'published')
  }

  async function bury(delivery: Delivery, dead: Dead): Promise<void> {
    const { reason, detail } = dead
    const { exchange, routingKey, properties } = delivery
    try {
      await sendDead(deadLetters, delivery, dead)
    } catch (error) {
      return tryLater(delivery, error instanceof Error ? error.message : String(error))
    }
    delivery.ack()
    metrics.amqp.dead(reason)
    log.warn({ reason, detail, exchange, routingKey, messageId: properties.messageId }, 'an event was put aside')
  }

  function tryLater(delivery: Delivery, why: string): void {
    waiting.push(delivery)
    if (waiting.length > 1 || closed) return
    attempt += 1
    log.warn({ reason: why, attempt }, 'events wait in RabbitMQ, as they cannot be published now')
    void pause()
  }

  async function pause(): Promise<void> {
    await consumer.pause()
    await idle(settleGraceMs)
    if (closed) return
    // What fails while all else does is not to blame.
    if (published > 0) for (const delivery of waiting) failures.note(delivery)
    giveBack()
    timer = setTimeout(resume, pauseMs(attempt))
  }

  function resume(): void {
    published = 0
    void consumer.resume()
  }

  /** In their order, which RabbitMQ keeps. */
  function giveBack(): void {
    const returned = waiting
    waiting = []
    for (const delivery of returned) {
      delivery.reject({ requeue: true })
      metrics.amqp.ingested('returned')
    }
  }

  async function idle(graceMs: number): Promise<void> {
    if (underWay === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    whenIdle.push(resolve)
    const deadline = setTimeout(resolve, graceMs)
    await promise
    clearTimeout(deadline)
  }

  function tellIdle(): void {
    const told = whenIdle
    whenIdle = []
    for (const tell of told) tell()
  }
}

const closeGraceMs = 3_000
/** Redis has answered by then, or the connection to it has been given up. */
const settleGraceMs = 10_000

/** Whoever may publish to the exchange was let in by RabbitMQ. */
const rabbitmq: Identity = { kind: 'local', userId: 'local', name: 'RabbitMQ', role: 'admin' }

function fateOf(outcome: PublishOutcome, bytes: number): Fate {
  if (outcome.ok) return { kind: 'done', duplicate: outcome.duplicate ?? false }
  const { error, message } = outcome
  if (error === 'internal' || error === 'tooManyRequests') return { kind: 'later', why: message }
  const otherwise = bytes > maxPublicationBytes ? 'too_large' : 'invalid'
  return { ok: false, reason: reasons[error] ?? otherwise, detail: message }
}

const reasons: Readonly<Partial<Record<Extract<PublishOutcome, { ok: false }>['error'], DeadReason>>> = {
  unknownChannel: 'unknown_channel',
  permissionDenied: 'not_permitted',
}
