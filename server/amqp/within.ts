import { AmqpError } from './amqp-error.ts'

/**
 * What RabbitMQ answers within this time.
 *
 * @throws AmqpError `silent`
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new AmqpError('silent', 'RabbitMQ does not answer on a channel.')), timeoutMs)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
