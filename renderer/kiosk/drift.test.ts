import { expect, test } from 'vitest'
import { driftClass } from './drift.ts'

test('the picture stays for five minutes and comes by every place', () => {
  expect(driftClass(0)).toBe(driftClass(5 * 60_000 - 1))
  const seen = new Set(Array.from({ length: 9 }, (_, index) => driftClass(index * 5 * 60_000)))
  expect(seen.size).toBe(9)
  expect(driftClass(9 * 5 * 60_000)).toBe(driftClass(0))
})
