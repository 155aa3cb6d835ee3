import type { ProblemCode } from '#protocol/problem.ts'

/** Something about identity that the caller must be told. `message` is a sentence that says what to do. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  readonly code: ProblemCode
  /** Seconds to wait before trying again, with `rate_limited` and `slow_down`. */
  readonly retryAfter: number | undefined
  constructor(code: ProblemCode, message: string, options?: ErrorOptions & { retryAfter?: number }) {
    super(message, options)
    this.code = code
    this.retryAfter = options?.retryAfter
  }
}
