import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget } from './budget.ts'

test('so much at once is there, and then what time gives', () => {
  const budget = new Budget(3, 2, 1_000)
  expect([1, 2, 3, 4].map(() => budget.take(1_000))).toEqual([2, 1, 0, -1])
  expect(budget.take(1_500)).toBe(-1)
  expect(budget.take(2_500)).toBe(0)
  expect(budget.take(1_000_000)).toBe(2)
})

test('a clock that is set back gives nothing and takes nothing', () => {
  const budget = new Budget(2, 1, 10_000)
  expect(budget.take(0)).toBe(1)
  expect(budget.take(1_000)).toBe(1)
})

test('however it is asked, no more is granted than the capacity and what was earned', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(
      pauses,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 10 }),
      (all, capacity, perSecond) => {
        const budget = new Budget(capacity, perSecond, 0)
        let now = 0
        let granted = 0
        for (const pause of all) {
          now += pause
          if (budget.take(now) >= 0) granted += 1
        }
        expect(granted).toBeLessThanOrEqual(capacity + (now * perSecond) / 1000 + 1e-6)
      },
    ),
  )
})
