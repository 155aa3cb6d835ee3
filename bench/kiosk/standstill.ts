/**
 * Notices when this process stood still: somebody stopped it, or the machine slept. The app then stood still as well, and
 * what goes by the clock says nothing.
 */
export interface Standstill extends Disposable {
  /** How often, and for how many seconds altogether. */
  readonly times: number
  readonly seconds: number
  /** Whether it was so within so many milliseconds before now. */
  isRecent(withinMs: number): boolean
}

const tickMs = 200
/** A busy machine is late; one that stands still is later. */
const stillMs = 2000

export function watchStandstill(): Standstill {
  let last = performance.now()
  let latest = Number.NEGATIVE_INFINITY
  let times = 0
  let seconds = 0
  const look = () => {
    const now = performance.now()
    const gap = now - last
    last = now
    if (gap < stillMs) return
    times += 1
    seconds += gap / 1000
    latest = now
  }
  const timer = setInterval(look, tickMs)
  return {
    get times() {
      return times
    },
    get seconds() {
      return seconds
    },
    isRecent(withinMs) {
      look() // it may be asked before the timer has its turn
      return performance.now() - latest < withinMs
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
