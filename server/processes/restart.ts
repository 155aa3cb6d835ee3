/** How a worker that has ended is replaced. */
export interface Ends {
  /** Ends in a row, each soon after its start. */
  readonly inARow: number
}

export const noEnds: Ends = { inARow: 0 }

/** A worker that has lived so long was well: its end begins a new row. */
const wellAfterMs = 60_000
const firstDelayMs = 100
const longestDelayMs = 30_000

export function afterEnd(ends: Ends, livedMs: number): Ends {
  return { inARow: livedMs >= wellAfterMs ? 1 : ends.inARow + 1 }
}

/** How long to wait before the next start, so that workers that cannot live do not take the machine. */
export function restartDelayMs({ inARow }: Ends): number {
  return Math.min(firstDelayMs * 2 ** Math.max(0, inARow - 1), longestDelayMs)
}
