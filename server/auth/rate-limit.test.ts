import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

const minute = 60_000

test('so many attempts a minute are let through, and the next one says how long to wait', () => {
  let now = minute
  const limit = createRateLimit(2, () => now)
  expect([limit.take('ada'), limit.take('ada'), limit.take('ada')]).toEqual([null, null, 60])
  expect(limit.take('bo')).toBeNull()
  now += minute
  expect(limit.take('ada')).toBeNull()
})

test('a clock that is put back shuts nobody out for as long as it was ahead', () => {
  let now = 24 * 60 * minute
  const limit = createRateLimit(1, () => now)
  limit.take('ada')
  expect(limit.take('ada')).toBe(60)
  now -= 12 * 60 * minute
  expect(limit.take('ada')).toBeNull()
})
