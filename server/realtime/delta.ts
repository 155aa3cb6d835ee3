import { isUtf8 } from 'node:buffer'
import { createDelta } from 'fossil-delta'

/**
 * The Fossil delta that makes `target` of `base`, or null when the full text is to be sent: because the delta would not
 * be smaller, or because one of its instructions splits a character. Deltas count bytes but travel as text, and half a
 * character does not survive that.
 */
export function fossilDelta(base: Uint8Array, target: Uint8Array): string | null {
  const delta = Buffer.from(createDelta(base, target))
  if (delta.length >= target.length || !isUtf8(delta)) return null
  return delta.toString()
}
