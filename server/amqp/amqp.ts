import type { Logger } from 'pino'
import type { AmqpTarget } from '#server/config/amqp.ts'
import { type AmqpConnection, keepConnection } from './connection.ts'

/** RabbitMQ as the rooms above use it. */
export interface Amqp extends AsyncDisposable {
  /** For what is sent. RabbitMQ may stop reading from it, and what is consumed must not wait for that. */
  readonly publishing: AmqpConnection
  /** For what is consumed. */
  readonly consuming: AmqpConnection
  /** Whether both are there. */
  isUp(): boolean
}

export interface AmqpOptions {
  readonly target: AmqpTarget
  /** What people call this node. */
  readonly name: string
  readonly log: Logger
}

/** Returns at once: RabbitMQ may come later, or come back. */
export function openAmqp({ target, name, log }: AmqpOptions): Amqp {
  const publishing = keepConnection({ target, name: `carillon ${name} publishes`, log })
  const consuming = keepConnection({ target, name: `carillon ${name} consumes`, log })
  return {
    publishing,
    consuming,
    isUp: () => publishing.isUp() && consuming.isUp(),
    async [Symbol.asyncDispose]() {
      await Promise.all([publishing[Symbol.asyncDispose](), consuming[Symbol.asyncDispose]()])
    },
  }
}
