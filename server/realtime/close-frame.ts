import type { CloseReason } from '#protocol/close-reasons.ts'

/** A server's close frame (RFC 6455, section 5.5.1). A reason of more than 123 bytes is cut. */
export function closeFrame({ code, reason }: Pick<CloseReason, 'code' | 'reason'>): Buffer {
  const text = Buffer.from(reason).subarray(0, maxReasonBytes)
  return Buffer.concat([Buffer.from([0x88, 2 + text.length, code >> 8, code & 0xff]), text])
}

/** Without a code and a reason: in answer to one without. */
export const emptyCloseFrame = Buffer.from([0x88, 0])

/** Whether a peer may say this code; some only stand for ends without one. */
export function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && !reserved.includes(code)) || (code >= 3000 && code <= 4999)
}

const maxReasonBytes = 123
const reserved: readonly number[] = [1004, 1005, 1006]
