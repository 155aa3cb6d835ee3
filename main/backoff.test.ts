import { expect, test } from 'vitest'
import { backoff } from './backoff.ts'

test('the wait doubles up to its limit', () => {
  const waits = [0, 1, 2, 3, 4, 100].map((attempt) => backoff(attempt, 1000, 10_000, () => 1))
  expect(waits).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000])
})

test('chance takes off at most half of it', () => {
  expect(backoff(1, 1000, 10_000, () => 0)).toBe(1000)
})
