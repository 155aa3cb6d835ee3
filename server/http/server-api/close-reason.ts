import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'

export type GivenReason =
  | { readonly ok: true; readonly reason: CloseReason }
  | { readonly ok: false; readonly message: string }

/** Codes of the protocol that an application may use too, with the protocol's words. */
const borrowed: readonly CloseReason[] = [closeReasons.forceReconnect, closeReasons.forceDisconnect]
const maxReasonBytes = 123

/**
 * With what connections are closed. Applications have 4000 to 4499, after which clients come back, and 4500 to 4999,
 * after which they stay away. Clients look at that only when the reason is there and is not JSON.
 */
export function closeReason(given: { readonly code: number; readonly reason: string } | undefined): GivenReason {
  const { code, reason } = given ?? { code: 0, reason: '' }
  if (code === 0) return { ok: true, reason: closeReasons.forceDisconnect }
  const ofProtocol = borrowed.find((each) => each.code === code)
  if (ofProtocol) return { ok: true, reason: ofProtocol }
  if (code < 4000 || code > 4999) {
    return { ok: false, message: 'A code is from 4000 to 4999, or 3011 (come back) or 3503 (stay away).' }
  }
  if (reason === '') return { ok: true, reason: { code, reason: 'disconnected by the application' } }
  if (Buffer.byteLength(reason) > maxReasonBytes) {
    return { ok: false, message: `A reason has at most ${maxReasonBytes} bytes.` }
  }
  return isJson(reason)
    ? { ok: false, message: 'A reason is plain words: clients do not look at the code when it is JSON.' }
    : { ok: true, reason: { code, reason } }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
