import type { ShellState } from './device-report.ts'

/** What our own page of a kiosk is told of the content that lies over it. Times are milliseconds since 1970. */
export interface ShellView {
  readonly state: ShellState
  /** How much of our page can be seen: all of it, a strip at its upper edge, or nothing. */
  readonly seen: 'all' | 'strip' | 'nothing'
  /** When the page is tried again; null while that is not decided. */
  readonly retryAt: number | null
  /** When the copy that is shown was made; null unless one is. */
  readonly savedAt: number | null
  /** Why the address that was told is not shown; null when it is. */
  readonly refusal: string | null
  /** What is wrong with this machine's clock. */
  readonly clock: string | null
  /** What was wrong when this kiosk started, such as a line of its configuration; in a sentence or two. */
  readonly notice: string | null
  /** Whether the name of this screen is shown in large letters. */
  readonly identifying: boolean
}

/** How high the strip is on a window of this size, in pixels: one line of text. The style sheet says the same. */
export function stripHeight(width: number, height: number): number {
  return Math.round(2.5 * Math.min(34, Math.max(15, Math.min(width, height) * 0.032)))
}
