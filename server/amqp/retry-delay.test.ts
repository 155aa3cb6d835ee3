import { expect, test } from 'vitest'
import { retryDelay } from './retry-delay.ts'

test('the first attempt comes soon, the later ones within five seconds, and no two nodes at once', () => {
  expect(retryDelay(1, () => 0)).toBe(50)
  expect(retryDelay(1, () => 1)).toBe(100)
  expect(retryDelay(5, () => 0)).toBe(800)
  expect(retryDelay(60, () => 1)).toBe(5_000)
})
