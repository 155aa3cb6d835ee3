import { z } from 'zod'
import { namespaceName } from '#protocol/channel.ts'
import { queueName } from '#protocol/tasks.ts'

/** Where RabbitMQ is. A password in it is never logged: say `describeAmqp` to people. */
export interface AmqpTarget {
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly vhost: string
}

const form = 'amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS'

/** `amqp_url`: `amqp://guest:guest@localhost:5672/`. The virtual host is percent-encoded; none, or `/`, is `/`. */
export const amqpUrl = z.string().transform((text, context): AmqpTarget => {
  const target = parse(text.trim())
  if (target !== null) return target
  context.addIssue({ code: 'custom', message: `This is no address of a RabbitMQ. Write ${form}.` })
  return z.NEVER
})

function parse(text: string): AmqpTarget | null {
  if (!/^amqps?:\/\//.test(text)) return null
  try {
    const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text)
    if (hostname === '' || search !== '' || hash !== '') return null
    const tls = protocol === 'amqps:'
    return {
      tls,
      host: hostname,
      port: port === '' ? (tls ? 5671 : 5672) : Number(port),
      username: decodeURIComponent(username) || 'guest',
      password: decodeURIComponent(password) || 'guest',
      vhost: decodeURIComponent(pathname.slice(1)) || '/',
    }
  } catch {
    return null
  }
}

/** Without its password. */
export function describeAmqp({ tls, host, port, vhost }: AmqpTarget): string {
  return `${tls ? 'amqps' : 'amqp'}://${host}:${port}/${vhost === '/' ? '' : encodeURIComponent(vhost)}`
}

const exchangeName = z
  .string()
  .regex(/^[\w.:-]{1,127}$/, 'An exchange name has 1 to 127 letters, digits, dots, colons, _ and -.')
const regularExpression = z.string().min(1).max(500).refine(compiles, 'This is no regular expression of JavaScript.')

function compiles(text: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`, 'u') !== null
  } catch {
    return false
  }
}

const routingPattern = z.string().min(1).max(255)

/** What comes in from RabbitMQ, and goes out to it. Only with `amqp_url`. */
export const amqpSettings = z
  .strictObject({
    /** The durable topic exchange that events are published to. */
    exchange: exchangeName.default('carillon.events'),
    /** The durable queue that all nodes take from. */
    queue: queueName.default('carillon.ingest'),
    /** Routing keys taken from the exchange. */
    routing_keys: z.array(routingPattern).min(1).max(100).default(['#']),
    /** Further exchanges that are there already, whose messages are taken as well. */
    bindings: z
      .array(
        z.strictObject({
          exchange: exchangeName,
          routing_key: routingPattern.default('#'),
          /** Where their messages go: by default where the routing key says. */
          channel: z.string().min(1).max(255).optional(),
        }),
      )
      .max(100)
      .default([]),
    /**
     * Routing keys as regular expressions, and the channel that each becomes; the first that fits holds. By default the
     * first dot stands for the colon: `commands.box-17` is `commands:box-17`.
     */
    channels: z
      .array(z.strictObject({ match: regularExpression, channel: z.string().min(1).max(500) }))
      .max(100)
      .default([]),
    /** Messages taken before the first of them is answered. */
    prefetch: z.int().min(1).max(10_000).default(200),
    /** What is published here and followed there. */
    outward: z
      .strictObject({
        exchange: exchangeName.default('carillon.published'),
        /** Whose publications go out; none by default. */
        namespaces: z.array(namespaceName).max(100).default([]),
        /** Coming and going of users, as `presence.online` and `presence.offline`. */
        presence: z.boolean().default(false),
        /** Ends of tasks, as `tasks.succeeded.NAME` and so on. */
        tasks: z.boolean().default(false),
        /** How many may wait while RabbitMQ is away; the oldest are dropped, and counted. */
        buffer: z.int().min(0).max(1_000_000).default(10_000),
      })
      .prefault({}),
  })
  .refine(
    ({ exchange, bindings, outward }) =>
      exchange !== outward.exchange && bindings.every((binding) => binding.exchange !== outward.exchange),
    {
      path: ['outward', 'exchange'],
      error: 'What goes out would come in again: name another exchange.',
    },
  )
export type AmqpSettings = z.infer<typeof amqpSettings>
