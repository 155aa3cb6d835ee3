import { expect, test } from 'vitest'
import { localTime, localTimeOr, timeNow } from './clock.ts'

test('a time is shown in the zone of this machine', () => {
  const local = new Date(2026, 10, 22, 5, 4, 3)
  expect(localTime(local.toISOString())).toBe('2026-11-22 05:04:03')
  expect(localTimeOr(local.toISOString(), 'never')).toBe('2026-11-22 05:04:03')
  expect(localTimeOr(null, 'never')).toBe('never')
  expect(timeNow()).toMatch(/^\d\d:\d\d:\d\d$/)
})
