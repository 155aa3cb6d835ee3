import { setTimeout as pause } from 'node:timers/promises'

/**
 * Lets in one at a time, so far apart at least: hundreds that arrive together are then small pieces of work with room
 * for everybody else's between them. Whoever finds nobody there does not wait.
 */
export interface Turnstile {
  /** Resolves when it is their turn; to false, at once, when the line is too long to stand in. */
  enter(): Promise<boolean>
}

export interface TurnstileOptions {
  readonly everyMs: number
  /** Whoever would wait for longer is sent away. */
  readonly maxWaitMs: number
}

export function createTurnstile({ everyMs, maxWaitMs }: TurnstileOptions): Turnstile {
  let next = 0
  return {
    async enter() {
      const now = performance.now()
      const wait = Math.max(0, next - now)
      if (wait > maxWaitMs) return false
      next = now + wait + everyMs
      if (wait > 0) await pause(wait)
      return true
    },
  }
}
