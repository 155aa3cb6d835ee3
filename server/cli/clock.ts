/** Swedish is written as ISO 8601 is, with a space. */
const day = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })
const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })

/** Date and time in the zone of this machine, for people: `2026-11-22 15:42:04`. Programs ask for `--json`. */
export function localTime(instant: string): string {
  return day.format(new Date(instant))
}

/** The same, or what is said where there is none. */
export function localTimeOr(instant: string | null, otherwise: string): string {
  return instant === null ? otherwise : localTime(instant)
}

/** What the clock on this machine shows now: `15:42:04`. */
export function timeNow(): string {
  return time.format(new Date())
}
