import { expect, test } from 'vitest'
import { retryDelayMs } from './retry-delay.ts'

test('delays grow to the longest there may be, each drawn at random from nothing to that', () => {
  const policy = { times: 5, delay: 1, factor: 10, longest: 300 }
  const most = [1, 2, 3, 4, 5, 6].map((failures) => retryDelayMs(policy, failures, () => 1))
  expect(most).toEqual([1_000, 10_000, 100_000, 300_000, 300_000, null])
  expect(retryDelayMs(policy, 2, () => 0.25)).toBe(2_500)
  expect(retryDelayMs(policy, 2, () => 0)).toBe(0)
})

test('without a policy there is one try', () => {
  expect(retryDelayMs(undefined, 1)).toBeNull()
  expect(retryDelayMs({ times: 0 }, 1)).toBeNull()
})
