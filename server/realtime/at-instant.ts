/** Beyond it Node's timers fire at once. */
const longestTimerMs = 2 ** 31 - 1

/** Runs `work` at an instant, in milliseconds since 1970, however far away. Returns its cancellation. */
export function atInstant(instant: number, clock: () => number, work: () => void): () => void {
  let timer: NodeJS.Timeout
  arm()
  return () => clearTimeout(timer)

  function arm(): void {
    const left = Math.max(0, instant - clock())
    timer = setTimeout(left > longestTimerMs ? arm : work, Math.min(left, longestTimerMs)).unref()
  }
}
