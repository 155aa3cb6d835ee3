/**
 * Errors in replies of the client protocol. Those marked temporary are retried by the SDK; every other connect or
 * subscribe error, 109 excepted, ends the attempt for good. Codes below 400 belong to the protocol.
 */
export const replyErrors = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unauthorized: { code: 101, message: 'unauthorized' },
  unknownChannel: { code: 102, message: 'unknown channel' },
  permissionDenied: { code: 103, message: 'permission denied' },
  methodNotFound: { code: 104, message: 'method not found' },
  alreadySubscribed: { code: 105, message: 'already subscribed' },
  limitExceeded: { code: 106, message: 'limit exceeded' },
  badRequest: { code: 107, message: 'bad request' },
  notAvailable: { code: 108, message: 'not available' },
  tokenExpired: { code: 109, message: 'token expired' },
  /** Another token, and the same command again: to the SDK only what is temporary means that, after a subscribe. */
  tokenExpiredForNow: { code: 109, message: 'token expired', temporary: true },
  expired: { code: 110, message: 'expired' },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position' },
} as const satisfies Record<string, ReplyError>

export interface ReplyError {
  readonly code: number
  readonly message: string
  readonly temporary?: boolean
}
export type ReplyErrorName = keyof typeof replyErrors
