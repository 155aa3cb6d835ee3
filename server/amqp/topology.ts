import type { Channel, ChannelModel } from 'amqplib'
import type { Logger } from 'pino'
import { AmqpError, replyCodeOf } from './amqp-error.ts'

/** What has to be there before anything is published or consumed. Declaring what is there already changes nothing. */
export interface Topology {
  readonly exchanges?: readonly ExchangeDeclaration[]
  readonly queues?: readonly QueueDeclaration[]
  readonly bindings?: readonly Binding[]
}

export interface ExchangeDeclaration {
  readonly name: string
  readonly type: 'direct' | 'topic' | 'fanout'
  /** Default true. */
  readonly durable?: boolean
  /** Default false. */
  readonly autoDelete?: boolean
  /** It belongs to somebody else and is only looked for. Default false. */
  readonly passive?: boolean
}

export interface QueueDeclaration {
  readonly name: string
  /** Default true. */
  readonly durable?: boolean
  /** Default false. */
  readonly autoDelete?: boolean
  readonly exclusive?: boolean
  /** `x-expires` and the like. Nothing on queues that others declare as well. */
  readonly arguments?: Readonly<Record<string, unknown>>
}

export interface Binding {
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
}

export interface DeclareOptions {
  readonly log: Logger
  /**
   * What to do about an exchange or queue that is there already and is another than asked for: `use` says how it differs
   * and takes it as it is, since whoever runs RabbitMQ may have had reasons. Default `use`.
   */
  readonly onConflict?: 'use' | 'fail'
}

/**
 * Declares on channels of its own, which RabbitMQ closes where it disagrees.
 *
 * @throws AmqpError `conflict`, `refused`
 */
export async function declareTopology(model: ChannelModel, topology: Topology, options: DeclareOptions): Promise<void> {
  const { exchanges = [], queues = [], bindings = [] } = topology
  const { log, onConflict = 'use' } = options
  await using aside = createAside(model)

  for (const { name, type, durable = true, autoDelete = false, passive = false } of exchanges) {
    const what = `the exchange ${name}`
    const look = (channel: Channel) => channel.checkExchange(name)
    if (passive) await attempt(what, look)
    else await declare(what, (channel) => channel.assertExchange(name, type, { durable, autoDelete }), look)
  }
  for (const { name, durable = true, autoDelete = false, exclusive = false, arguments: args = {} } of queues) {
    await declare(
      `the queue ${name}`,
      (channel) => channel.assertQueue(name, { durable, autoDelete, exclusive, arguments: args }),
      (channel) => channel.checkQueue(name),
    )
  }
  for (const { queue, exchange, routingKey } of bindings) {
    const what = `the binding of ${queue} to ${exchange} with ${routingKey}`
    await attempt(what, (channel) => channel.bindQueue(queue, exchange, routingKey))
  }

  async function declare(
    what: string,
    assert: (channel: Channel) => Promise<unknown>,
    look: (channel: Channel) => Promise<unknown>,
  ): Promise<void> {
    try {
      await attempt(what, assert)
    } catch (error) {
      if (!(error instanceof AmqpError) || error.code !== 'conflict' || onConflict === 'fail') throw error
      await attempt(what, look)
      log.warn({ reason: error.message }, 'RabbitMQ has it otherwise, which is used as it is')
    }
  }

  async function attempt(what: string, work: (channel: Channel) => Promise<unknown>): Promise<void> {
    const channel = await aside.channel()
    try {
      await work(channel)
    } catch (error) {
      throw declarationError(what, error)
    }
  }
}

/** A channel that may be lost: then the next one takes its place. */
function createAside(model: ChannelModel): AsyncDisposable & { channel(): Promise<Channel> } {
  let current: Channel | null = null
  return {
    async channel() {
      if (current !== null) return current
      const opened = await model.createChannel()
      opened.on('error', () => {}) // the call that caused it says so
      opened.on('close', () => {
        if (current === opened) current = null
      })
      current = opened
      return opened
    },
    async [Symbol.asyncDispose]() {
      await current?.close().catch(() => {}) // closed already
    },
  }
}

function declarationError(what: string, error: unknown): AmqpError {
  const code = replyCodeOf(error)
  const text = error instanceof Error ? error.message : String(error)
  if (code === 406) return new AmqpError('conflict', conflictSentence(what, text), { cause: error })
  if (code === 404) {
    return new AmqpError('refused', `${capital(what)} is not in RabbitMQ. Create it, or correct its name.`, {
      cause: error,
    })
  }
  if (code === 403) {
    return new AmqpError('refused', `RabbitMQ does not let this user have ${what}: ${said(text)}.`, { cause: error })
  }
  return new AmqpError(code === null ? 'away' : 'refused', `RabbitMQ did not give ${what}: ${said(text)}.`, {
    cause: error,
  })
}

/** `inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'` */
function conflictSentence(what: string, text: string): string {
  const [, argument, asked, there] =
    /inequivalent arg '([^']+)'.*received (.+) but current is (.+?)"?$/.exec(text) ?? []
  if (argument === undefined) return `${capital(what)} is in RabbitMQ already and is another: ${said(text)}.`
  return (
    `${capital(what)} is in RabbitMQ already with another ${argument}: ${bare(there)} instead of ${bare(asked)}. ` +
    'Delete it there, so that Carillon makes it again, or leave it as it is if that was meant.'
  )
}

/** `the value '10' of type 'signedint'`, `'true'`, `none`. */
function bare(value = ''): string {
  return value
    .replace(/^the value /, '')
    .replace(/ of type .*$/, '')
    .replaceAll("'", '')
}

/** Without what amqplib puts in front. */
function said(text: string): string {
  return /message "(.*)"$/.exec(text)?.[1] ?? text
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
