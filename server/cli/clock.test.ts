import { expect, test } from 'vitest'
import { localTime, localTimeOr, timeIn, timeNow } from './clock.ts'

test('a time is shown in the zone of this machine', () => {
  const local = new Date(2026, 10, 22, 5, 4, 3)
  expect(localTime(local.toISOString())).toMatch(/^2026-11-22 05:04:03(Z|[+-]\d\d:\d\d)$/)
  expect(Date.parse(localTime(local.toISOString()))).toBe(local.getTime())
  expect(localTimeOr(local.toISOString(), 'never')).toBe(localTime(local.toISOString()))
  expect(localTimeOr(null, 'never')).toBe('never')
  expect(timeNow()).toMatch(/^\d\d:\d\d:\d\d$/)
})

test.each([
  ['UTC', ['2026-03-28 23:30:00Z', '2026-03-29 10:00:00Z']],
  ['Europe/Berlin', ['2026-03-29 00:30:00+01:00', '2026-03-29 12:00:00+02:00']],
  ['Asia/Kolkata', ['2026-03-29 05:00:00+05:30', '2026-03-29 15:30:00+05:30']],
  ['America/New_York', ['2026-03-28 19:30:00-04:00', '2026-03-29 06:00:00-04:00']],
])('a time says its zone, as that is on the day: %s', (zone, expected) => {
  const time = timeIn(zone)
  expect([time('2026-03-28T23:30:00Z'), time('2026-03-29T10:00:00Z')]).toEqual(expected)
})
