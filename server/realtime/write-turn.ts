import type { Metrics } from '#server/metrics/metrics.ts'
import type { Outbox } from './outbox.ts'
import { createWriteBatch, type WriteEach } from './write-batch.ts'

/**
 * The end of a turn of the event loop: whatever was queued in it for a socket leaves in one write. Long lists are
 * spread over several turns, because one write costs microseconds and thousands of them would hold everything else.
 */
export interface WriteTurn {
  /** Runs `prepare` once at the end of this turn, before the writing. */
  before(prepare: () => void): void
  /** Writes this outbox at the end of this turn. */
  add(outbox: Outbox): void
  /** Writes it now, behind all that was written in this turn. */
  flush(outbox: Outbox): void
  /**
   * These frames in one Buffer. With a long list the second half has two fan-outs before it is written, all of it the same
   * two: what was joined for one is what the next ones get.
   */
  join(frames: readonly Buffer[], bytes: number): Buffer
  /** Grows by what is written. */
  readonly counts: { bytes: number }
}

const writesATurn = 500

/** `metrics` is told, in seconds, how long it took from the first preparation of a turn to the last write behind it. */
export function createWriteTurn(
  metrics: Pick<Metrics, 'counts' | 'fannedOut'> = unread,
  writeEach: WriteEach | null = null,
): WriteTurn {
  const batch = createWriteBatch(writeEach)
  let preparing: (() => void)[] = []
  const outboxes: Outbox[] = []
  let scheduled = false
  /** When what is being timed began, and how many writes stand before its end; 0 when nothing is. */
  let begun = 0
  let ahead = 0
  /** What was joined last in the turn that is being written. */
  let last: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | null = null
  let isWriting = false

  return {
    counts: metrics.counts,
    before(prepare) {
      preparing.push(prepare)
      if (begun === 0) begun = performance.now()
      schedule()
    },
    add(outbox) {
      outboxes.push(outbox)
      schedule()
    },
    flush(outbox) {
      batch.end()
      outbox.flush(batch)
      batch.end()
    },
    join(frames, bytes) {
      if (last !== null && areSame(last.frames, frames)) return last.joined
      const joined = Buffer.concat(frames, bytes)
      if (isWriting) last = { frames, joined }
      return joined
    },
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(run)
  }

  function run(): void {
    scheduled = false
    isWriting = true
    const steps = preparing
    preparing = []
    for (const step of steps) step()
    // Timed to its end before the next is: with turns that overlap, every one would be the longest.
    if (begun !== 0 && ahead === 0) {
      ahead = outboxes.length
      if (ahead === 0) begun = 0
    }
    const now = outboxes.length > writesATurn ? outboxes.splice(0, writesATurn) : outboxes.splice(0)
    for (const outbox of now) outbox.flush(batch)
    batch.end()
    if (ahead !== 0) {
      ahead = Math.max(0, ahead - now.length)
      if (ahead === 0) {
        metrics.fannedOut((performance.now() - begun) / 1000)
        begun = 0
      }
    }
    isWriting = false
    last = null
    if (outboxes.length > 0) schedule()
  }
}

function areSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((frame, index) => frame === others[index])
}

const unread = { counts: { deliveries: 0, bytes: 0 }, fannedOut() {} }
