import { RedisError, redisErrorOf } from '#server/store/redis-error.ts'
import { BrokerError, mayBePublished } from './broker-error.ts'

/** The same for whoever publishes. */
export function publishErrorOf(error: unknown): BrokerError {
  if (!(error instanceof RedisError) || error.code !== 'silent') return brokerErrorOf(error)
  return new BrokerError('unavailable', `Redis does not answer in time. ${mayBePublished}`, {
    cause: error.cause ?? error,
  })
}

/** What whoever publishes, reads or tells is told when Redis did not do it. */
export function brokerErrorOf(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error
  const { code, message, cause } = redisErrorOf(error)
  return new BrokerError(codes[code], message, { cause: cause ?? error })
}

const codes = {
  away: 'unavailable',
  silent: 'unavailable',
  busy: 'full',
  full: 'write_failed',
  read_only: 'write_failed',
  refused: 'write_failed',
} as const
