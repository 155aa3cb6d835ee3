/** How many places the picture has; `kiosk.css` says where each is. */
const places = 9
/** How long the picture stays in one place, in milliseconds. */
const stayMs = 5 * 60_000

/** Moves the whole picture a little every few minutes, so that nothing burns into a screen that is on for months. */
export function driftClass(now: number): string {
  return `drift-${Math.floor(now / stayMs) % places}`
}
