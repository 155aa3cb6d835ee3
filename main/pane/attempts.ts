/**
 * How often somebody at the screen may guess. Waits grow with every wrong attempt up to ten minutes and never beyond:
 * a screen is never locked for ever. Times are milliseconds on a clock that only goes forward and begins anew with the
 * app; a wall clock would not do on a machine that boots in 1970.
 */
export interface Attempts {
  /** Wrong ones in a row. */
  readonly wrong: number
  /** No attempt before. */
  readonly notBefore: number
  /** When the newest was made, or the app began. */
  readonly newest: number
}

/** So many wrong attempts may follow each other without a wait. */
const free = 2
const firstWaitMs = 5_000
export const longestWaitMs = 10 * 60_000
/** After an hour without an attempt nothing is held against anybody. */
export const forgivenAfterMs = 60 * 60_000

/** The wait after so many wrong attempts: 5 s from the third, doubled with each. */
export function waitAfter(wrong: number): number {
  if (wrong <= free) return 0
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(wrong - free - 1, 30))
}

/** At a start of the app. The wait begins anew, so that pulling the plug does not shorten it. */
export function beginAttempts(wrong: number, now: number): Attempts {
  return { wrong, notBefore: now + waitAfter(wrong), newest: now }
}

/** Milliseconds until one may be made; 0: now. */
export function waitLeft({ notBefore }: Attempts, now: number): number {
  return Math.max(0, notBefore - now)
}

/** An attempt is made. Counted as wrong before it is looked at: what comes after may be a power cut. */
export function countAttempt(attempts: Attempts, now: number): Attempts {
  const before = now - attempts.newest >= forgivenAfterMs ? 0 : attempts.wrong
  const wrong = before + 1
  return { wrong, notBefore: now + waitAfter(wrong), newest: now }
}

/** It was right. */
export function forgive(now: number): Attempts {
  return beginAttempts(0, now)
}

/** It could not be looked at, through no fault of whoever made it. */
export function takeBack(before: Attempts, now: number): Attempts {
  return { ...before, newest: now }
}
