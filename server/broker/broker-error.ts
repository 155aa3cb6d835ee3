/** Where nobody knows what became of a publication. */
export const mayBePublished = 'It may have been published all the same: repeat it with the same idempotency key.'

/**
 * Why a publication was not taken. Nobody has been told of it, unless the sentence says that this is not known; trying
 * again later is right, except when `closed`.
 */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: BrokerErrorCode
  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * `full`: too much waits to be written. `write_failed`: the database did not take it. `unavailable`: the engine behind it
 * is away, slow or refuses writes. `closed`: shutting down.
 */
export type BrokerErrorCode = 'full' | 'write_failed' | 'unavailable' | 'closed'
