import pino from 'pino'
import { onTestFinished } from 'vitest'
import { type Amqp, openAmqp } from '#server/amqp/amqp.ts'
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
