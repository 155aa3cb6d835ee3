import { expect, test } from 'vitest'
import { durationWords, scheduleWords } from './task-words.ts'

test.each([
  [-5, '0.0 s'],
  [449, '0.4 s'],
  [9_999, '9.9 s'],
  [12_400, '12 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_440_000, '2 h 4 min'],
  [86_400_000, '1 day'],
  [266_400_000, '3 days 2 h'],
])('%i ms are %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words)
})

test('a schedule is told in words, and as it is where there are none', () => {
  expect(scheduleWords('30 3 * * 1-5')).toBe('At 03:30, Monday through Friday (UTC)')
  expect(scheduleWords('whenever')).toBe('whenever')
})
