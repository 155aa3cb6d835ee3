import { redisErrorOf } from '#server/store/redis-error.ts'
import { BrokerError } from './broker-error.ts'

/** What whoever publishes, reads or tells is told when Redis did not do it. */
export function brokerErrorOf(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error
  const { code, message, cause } = redisErrorOf(error)
  return new BrokerError(codes[code], message, { cause: cause ?? error })
}

const codes = {
  away: 'unavailable',
  busy: 'full',
  full: 'write_failed',
  read_only: 'write_failed',
  refused: 'write_failed',
} as const
