import { atFirst } from './kept-page.ts'

/** Four minutes past noon, in UTC, of the day that it is where the pages are read. */
export const noon = Date.parse(
  `${new Intl.DateTimeFormat('sv-SE', { timeZone: atFirst.timezoneId }).format(Date.now())}T12:04:00Z`,
)
