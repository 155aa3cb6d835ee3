import { createHash } from 'node:crypto'
import { forgetAfterMs } from './history-trimmer.ts'

/**
 * The epoch with which a channel's stream begins. It follows from the channel's name and a secret of the database alone,
 * so subscribers may be told it, and hold on to it over a restart, without anything being written for a channel that
 * nobody has published to.
 *
 * A stream that was forgotten must not begin again under the epoch it had. Streams are forgotten when they have not been
 * used for 400 days, so it is enough that this changes every 400 days.
 */
export function firstEpoch(seed: string, channel: string, now: number): string {
  const era = Math.floor(now / forgetAfterMs)
  const digest = createHash('sha256').update(`${seed} ${era} ${channel}`).digest()
  return Array.from(digest.subarray(0, 8), (byte) => letters[byte % letters.length]).join('')
}

/** Letters only: the protocol gives `_` a meaning of its own. */
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
