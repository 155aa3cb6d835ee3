import type { ProblemCode } from '#protocol/problem.ts'

/** Why something could not be had from the server: the server's own codes, and those of not getting that far. */
export type ServerErrorCode = ProblemCode | 'bad_address' | 'server_unreachable' | 'not_carillon'

/** `message` is a sentence that says what to do. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly code: ServerErrorCode
  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** Whether the server does not accept the credential, now and for good. */
  get isRejection(): boolean {
    return this.code === 'invalid_token' || this.code === 'unauthorized' || this.code === 'account_disabled'
  }
}
