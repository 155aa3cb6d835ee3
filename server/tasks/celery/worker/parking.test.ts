import { expect, test } from 'vitest'
import { rung } from './parking.ts'

test('what waits long is put aside for a power of two, and never for too long', () => {
  for (const seconds of [1, 1.5, 2, 300, 301, 86_400]) {
    expect(rung(seconds)).toBeLessThanOrEqual(seconds)
    expect(rung(seconds)).toBeGreaterThan(seconds / 2)
    expect(Math.log2(rung(seconds)) % 1).toBe(0)
  }
  // Longer than a timer of RabbitMQ can be: it is put aside again.
  expect(rung(366 * 24 * 3600)).toBe(2 ** 20)
  expect(rung(0.2)).toBe(1)
})
