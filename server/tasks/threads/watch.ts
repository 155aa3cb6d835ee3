/** Looks after the limits of what is under way, one after the other. */
export interface Watch<T> {
  /** This is under way, from now on unless it was before; null for nothing. */
  set(subject: T | null): void
  close(): void
}

/** In seconds. */
export interface Limits {
  readonly softLimit: number
  readonly hardLimit: number
}

/** The longest that a timer of Node can be. */
const maxTimerMs = 2 ** 31 - 1
/** A timer may be early by this much. */
const earlyMs = 1

export interface WatchOptions<T> {
  limitsOf(subject: T): Limits
  onSoft(subject: T): void
  onHard(subject: T): void
}

/** With one timer for all of them, that is set again only where the next limit is nearer: most end long before. */
export function createWatch<T>({ limitsOf, onSoft, onHard }: WatchOptions<T>): Watch<T> {
  let watched: { readonly subject: T; readonly hardAt: number; softAt: number } | null = null
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY

  return {
    set(subject) {
      if (watched?.subject === subject) return
      watched = null
      if (subject === null) return
      const { softLimit, hardLimit } = limitsOf(subject)
      const now = performance.now()
      const [softAt, hardAt] = [now + softLimit * 1000, now + hardLimit * 1000]
      watched = { subject, softAt, hardAt }
      wakeAt(Math.min(softAt, hardAt), now)
    },
    close() {
      clearTimeout(timer)
      watched = null
    },
  }

  function wakeAt(at: number, now: number): void {
    if (timerAt <= at) return
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(look, Math.min(at - now, maxTimerMs))
  }

  function look(): void {
    timerAt = Number.POSITIVE_INFINITY
    if (watched === null) return
    const now = performance.now()
    const { subject, softAt, hardAt } = watched
    if (now >= hardAt - earlyMs) {
      onHard(subject)
      return
    }
    if (now >= softAt - earlyMs) {
      watched.softAt = Number.POSITIVE_INFINITY
      onSoft(subject)
    }
    wakeAt(Math.min(watched.softAt, hardAt), now)
  }
}
