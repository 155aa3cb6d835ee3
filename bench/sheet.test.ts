import { expect, test } from 'vitest'
import { median, ratio } from './sheet.ts'

test('a ratio is that of each round, so that a slow round counts for both', () => {
  expect(ratio([200, 20, 200], [100, 10, 50])).toBe(2)
})

test('the median of an even number of values lies between the two in the middle; what could not be measured stays so', () => {
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(median([1, Number.NaN, 3])).toBeNaN()
  expect(median([])).toBeNaN()
})
