import type { ChannelModel } from 'amqplib'
import { amqpError } from './amqp-error.ts'
import type { AmqpConnection } from './connection.ts'

/** Does something with the connection there is. @throws AmqpError `away` */
export async function withModel<T>(connection: AmqpConnection, work: (model: ChannelModel) => Promise<T>): Promise<T> {
  let current: ChannelModel | null = null
  // Called at once, where there is one.
  const stop = connection.onUp((model) => {
    current ??= model
  })
  stop()
  if (current === null) throw amqpError('away')
  return work(current)
}
