import type { CloseReason } from '#protocol/close-reasons.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { TokenFault } from '#server/auth/auth.ts'

/** What becomes of a command. */
export type Outcome =
  /** `result` is JSON text. `afterReply` runs in the same turn as the reply, right behind it. */
  | { readonly kind: 'result'; readonly result: string; readonly afterReply?: () => void }
  | { readonly kind: 'error'; readonly error: ReplyErrorName; readonly message?: string }
  /** An error of the application's own, codes 400 to 1999. */
  | { readonly kind: 'application_error'; readonly code: number; readonly message: string }
  /** `why` is for the log. */
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly why?: TokenFault | undefined }
  | { readonly kind: 'silence' }

export const emptyResult: Outcome = { kind: 'result', result: '{}' }
export const silence: Outcome = { kind: 'silence' }

export function failed(error: ReplyErrorName, message?: string): Outcome {
  return message === undefined ? { kind: 'error', error } : { kind: 'error', error, message }
}

export function closed(reason: CloseReason, why?: TokenFault): Outcome {
  return { kind: 'close', reason, why }
}
