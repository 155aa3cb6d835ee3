import type { Problem, ProblemCode } from '#protocol/problem.ts'

/** `unreachable` and `bad_answer` are ours; all others come from the server. */
export type ApiErrorCode = ProblemCode | 'unreachable' | 'bad_answer'

interface ApiErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number
}

/** What the API refused, or why it could not be asked. `message` is made to be shown and says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** One of `ApiErrorCode`, unless the server is newer than this page. */
  readonly code: string
  /** A few words for above the message. */
  readonly title: string
  /** The sentence for each invalid field, by its path. */
  readonly fields: Readonly<Record<string, string>>
  /** How long the server asks to wait before the next try; null when it does not say. */
  readonly retryAfterMs: number | null

  constructor(problem: Pick<Problem, 'code' | 'title' | 'detail' | 'errors'>, options: ApiErrorOptions = {}) {
    super(problem.detail, options)
    this.code = problem.code
    this.title = problem.title
    this.retryAfterMs = options.retryAfterMs ?? null
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ path, message }) => [path, message]))
  }

  is(code: ApiErrorCode): boolean {
    return this.code === code
  }
}

/** Anything that went wrong, as an `ApiError`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(
    { code: 'bad_answer', title: 'Something went wrong', detail: 'Something went wrong in this page. Reload it.' },
    { cause: error },
  )
}
