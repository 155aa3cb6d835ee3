import type { Logger } from 'pino'
import { z } from 'zod'
import type { Delivery } from '#server/amqp/delivery.ts'
import type { Publisher } from '#server/amqp/publisher.ts'
import { parseJson } from '../parse-json.ts'
import type { Clock } from './clock.ts'
import { fitsGlob } from './glob.ts'

/** One thing that workers can be asked or told from afar. */
export type ControlMethod = (args: Readonly<Record<string, unknown>>) => unknown

export interface ControlOptions {
  readonly node: string
  readonly methods: Readonly<Record<string, ControlMethod>>
  readonly publisher: Publisher
  readonly clock: Clock
  readonly log: Logger
}

const request = z.looseObject({
  method: z.string().min(1).max(100),
  arguments: z.record(z.string(), z.unknown()).nullish(),
  destination: z.array(z.string()).max(10_000).nullish(),
  pattern: z.string().max(500).nullish(),
  matcher: z.string().max(20).nullish(),
  ticket: z.string().max(255).nullish(),
  reply_to: z.looseObject({ exchange: z.string().max(255), routing_key: z.string().max(255) }).nullish(),
})

/**
 * Answers `celery inspect` and `celery control`. All workers get all of it, and anybody who reaches RabbitMQ can write it,
 * so that nothing in it does any harm.
 */
export function createControl({ node, methods, publisher, clock, log }: ControlOptions): (delivery: Delivery) => void {
  return (delivery) => {
    const { clock: theirs, expires } = delivery.headers
    clock.saw(theirs)
    if (typeof expires === 'number' && expires > 0 && expires < Date.now() / 1000) return
    let asked: z.infer<typeof request>
    try {
      asked = request.parse(parseJson(delivery.content))
    } catch (error) {
      const reason = error instanceof z.ZodError ? 'it has another form' : 'it is no JSON'
      log.debug({ reason }, 'a message to all workers cannot be read')
      return
    }
    if (!isMeant(asked)) return
    const reply = perform(asked.method, asked.arguments ?? {})
    const { reply_to: to, ticket } = asked
    if (!to || reply === undefined) return
    publisher
      .publish({
        ...{
          exchange: to.exchange,
          routingKey: to.routing_key,
          content: Buffer.from(JSON.stringify({ [node]: reply })),
        },
        ...{ contentType: 'application/json', contentEncoding: 'utf-8', persistent: false },
        headers: { ticket: ticket ?? null, clock: clock.tick() },
      })
      .catch((error: Error) => log.debug({ reason: error.message }, 'who asked has not waited for the answer'))
  }

  function isMeant({ destination, pattern, matcher }: z.infer<typeof request>): boolean {
    if (pattern) return matcher !== 'pcre' && fitsGlob(pattern, node)
    return !destination || destination.includes(node)
  }

  function perform(method: string, args: Readonly<Record<string, unknown>>): unknown {
    const known = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (known === undefined) return { error: `No such method: ${method}` }
    try {
      return known(args)
    } catch (error) {
      log.warn({ err: error, method }, 'a message to all workers could not be carried out')
      return { error: `${method} failed` }
    }
  }
}
