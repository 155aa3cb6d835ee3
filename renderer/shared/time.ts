/** Where and how the reader reads a clock; the machine's own zone and locale when absent. */
export interface Reader {
  readonly timeZone?: string
  readonly locale?: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** The time of day as the reader writes it: `12:04`, `12:04 PM`. */
export function clockTime(at: number, reader: Reader = {}): string {
  return new Intl.DateTimeFormat(reader.locale, { ...zone(reader), hour: '2-digit', minute: '2-digit' }).format(at)
}

/** With seconds, for lists in which many things happen in one minute. */
export function clockTimeWithSeconds(at: number, reader: Reader = {}): string {
  return new Intl.DateTimeFormat(reader.locale, { ...zone(reader), timeStyle: 'medium' }).format(at)
}

/** The moment in full, with seconds and the zone, for whoever points at one that is told in fewer words. */
export function exactTime(at: number, reader: Reader = {}): string {
  return new Intl.DateTimeFormat(reader.locale, { ...zone(reader), dateStyle: 'full', timeStyle: 'long' }).format(at)
}

/** A moment to read after "since": `12:04` today, then `yesterday 12:04`, `12 Mar 12:04`, with the year if it is another. */
export function moment(at: number, now: number, reader: Reader = {}): string {
  return withDay(clockTime(at, reader), at, now, reader)
}

/** With seconds, for a list that says in which order things happened. */
export function momentWithSeconds(at: number, now: number, reader: Reader = {}): string {
  return withDay(clockTimeWithSeconds(at, reader), at, now, reader)
}

function withDay(time: string, at: number, now: number, reader: Reader): string {
  const date = calendarDay(at, reader)
  if (date === calendarDay(now, reader)) return time
  if (date === calendarDay(now - day, reader)) return `yesterday ${time}`
  const otherYear = date.slice(0, 4) !== calendarDay(now, reader).slice(0, 4)
  const words = new Intl.DateTimeFormat('en-GB', {
    ...zone(reader),
    day: 'numeric',
    month: 'short',
    ...(otherYear ? { year: 'numeric' } : {}),
  }).format(at)
  return `${words} ${time}`
}

/** How long ago, in words that change as rarely as they can: `just now`, `3 minutes ago`, `yesterday`. */
export function ago(at: number, now: number): string {
  const passed = Math.max(0, now - at)
  if (passed < minute) return 'just now'
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  if (passed < hour) return words.format(-Math.floor(passed / minute), 'minute')
  if (passed < day) return words.format(-Math.floor(passed / hour), 'hour')
  return words.format(-Math.floor(passed / day), 'day')
}

/** What is left until a moment, as `9:05`; never below `0:00`. */
export function remaining(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** The day in full, for a screen on a wall. */
export function fullDate(at: number, reader: Reader = {}): string {
  return new Intl.DateTimeFormat(reader.locale, {
    ...zone(reader),
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  }).format(at)
}

/** `2026-03-12`, which compares. */
function calendarDay(at: number, reader: Reader): string {
  return new Intl.DateTimeFormat('en-CA', {
    ...zone(reader),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(at)
}

function zone(reader: Reader): Intl.DateTimeFormatOptions {
  return reader.timeZone === undefined ? {} : { timeZone: reader.timeZone }
}
