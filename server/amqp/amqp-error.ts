/** Why RabbitMQ did not do what it was asked. `message` is a sentence for people. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError'
  readonly code: AmqpErrorCode
  constructor(code: AmqpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * `away`: there is no connection, and nothing was done. `blocked`: it has run out of disk or memory and takes nothing.
 * `full`: too much waits for it on this node. `silent`: it was told and has not answered; whether it was done cannot be
 * known. `unroutable`: there is no queue for the message. `refused`: it answered, and nothing was done. `conflict`: an
 * exchange or queue of this name is there already and is another. `invalid`: this cannot be sent at all. `closed`:
 * shutting down.
 */
export type AmqpErrorCode =
  | 'away'
  | 'blocked'
  | 'full'
  | 'silent'
  | 'unroutable'
  | 'refused'
  | 'conflict'
  | 'invalid'
  | 'closed'

export const amqpSentences = {
  away: 'RabbitMQ is away, so that nothing was done. Try again later.',
  blocked: 'RabbitMQ has run out of disk or memory and takes nothing. Free some, and try again.',
  full: 'Too much waits for RabbitMQ. Send more slowly, or try again later.',
  silent: 'RabbitMQ does not answer in time. It may have been done all the same: look before trying again.',
  closed: 'The connection to RabbitMQ is being closed. Try again when the server is back.',
} as const

export function amqpError(code: keyof typeof amqpSentences, cause?: unknown): AmqpError {
  return new AmqpError(code, amqpSentences[code], cause === undefined ? undefined : { cause })
}

/** What RabbitMQ said when it closed a channel or a connection: 404, 406 and so on. */
export function replyCodeOf(error: unknown): number | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'number' ? code : null
}
