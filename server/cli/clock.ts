const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })

/** Date and time in the zone of this machine, for people: `2026-11-22 15:42:04+01:00`. Programs ask for `--json`. */
export const localTime = timeIn(undefined)

/** The same in any zone. */
export function timeIn(timeZone: string | undefined): (instant: string) => string {
  const zone = timeZone === undefined ? {} : { timeZone }
  // Swedish is written as ISO 8601 is, with a space.
  const day = new Intl.DateTimeFormat('sv-SE', { ...zone, dateStyle: 'short', timeStyle: 'medium' })
  // `GMT+01:00`; where the clock is that of Greenwich, `GMT` or `GMT+00:00`.
  const offset = new Intl.DateTimeFormat('en', { ...zone, timeZoneName: 'longOffset' })
  return (instant) => {
    const at = new Date(instant)
    const said = offset.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    return `${day.format(at)}${said.replace(/^GMT(\+00:00)?/, '') || 'Z'}`
  }
}

/** In the zone of this machine, or what is said where there is none. */
export function localTimeOr(instant: string | null, otherwise: string): string {
  return instant === null ? otherwise : localTime(instant)
}

/** What the clock on this machine shows now: `15:42:04`. */
export function timeNow(): string {
  return time.format(new Date())
}
