import { expect, test } from 'vitest'
import { ago, clockTime, moment, momentWithSeconds, remaining } from './time.ts'

const berlin = { timeZone: 'Europe/Berlin', locale: 'en-GB' }
const now = Date.parse('2026-03-12T11:30:00Z')

test('a time is read in the zone of the reader', () => {
  expect(clockTime(now, berlin)).toBe('12:30')
  expect(clockTime(now, { timeZone: 'America/New_York', locale: 'en-US' })).toBe('07:30 AM')
})

test('a moment of today is only a time, and an older one says its day', () => {
  expect(moment(Date.parse('2026-03-12T11:04:00Z'), now, berlin)).toBe('12:04')
  expect(moment(Date.parse('2026-03-11T11:04:00Z'), now, berlin)).toBe('yesterday 12:04')
  expect(moment(Date.parse('2026-03-02T11:04:00Z'), now, berlin)).toBe('2 Mar 12:04')
  expect(moment(Date.parse('2025-12-31T11:04:00Z'), now, berlin)).toBe('31 Dec 2025 12:04')
})

test('a moment with seconds says its day as one without', () => {
  expect(momentWithSeconds(Date.parse('2026-03-12T11:04:05Z'), now, berlin)).toBe('12:04:05')
  expect(momentWithSeconds(Date.parse('2025-12-31T11:04:05Z'), now, berlin)).toBe('31 Dec 2025 12:04:05')
})

test('midnight of the reader, not of UTC, parts today from yesterday', () => {
  const justAfterMidnight = Date.parse('2026-03-11T23:10:00Z')
  expect(moment(justAfterMidnight, justAfterMidnight + 60_000, berlin)).toBe('00:10')
  expect(moment(justAfterMidnight - 20 * 60_000, justAfterMidnight, berlin)).toBe('yesterday 23:50')
})

test.each([
  [0, 'just now'],
  [59_000, 'just now'],
  [60_000, '1 minute ago'],
  [3 * 60_000 + 59_000, '3 minutes ago'],
  [60 * 60_000, '1 hour ago'],
  [25 * 3_600_000, 'yesterday'],
  [5 * 86_400_000, '5 days ago'],
  [-5000, 'just now'],
])('%i ms ago reads "%s"', (passed, text) => {
  expect(ago(now - passed, now)).toBe(text)
})

test('what is left counts down to zero and stays there', () => {
  expect(remaining(now + 15 * 60_000, now)).toBe('15:00')
  expect(remaining(now + 61_001, now)).toBe('1:02')
  expect(remaining(now + 1, now)).toBe('0:01')
  expect(remaining(now - 1000, now)).toBe('0:00')
})
