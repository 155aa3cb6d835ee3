import { AuthError } from '#server/auth/auth-error.ts'

/** Seconds after which it is worth asking again, for an answer with this status; null where it never is. */
export function retryAfterOf(error: unknown, status: number): number | null {
  if (error instanceof AuthError && error.retryAfter !== undefined) return Math.max(1, Math.ceil(error.retryAfter))
  return status === 503 || status === 429 ? 1 : null
}
