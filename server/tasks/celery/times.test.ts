import { expect, test } from 'vitest'
import { formatTime, parseTime } from './times.ts'

test('a time is written with six digits behind the dot, which is what older Celery takes them for', () => {
  const instant = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  expect(formatTime(instant)).toBe('2026-01-02T03:04:05.678000+00:00')
  expect(parseTime(formatTime(instant))).toBe(instant)
})
