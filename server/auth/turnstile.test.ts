import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurnstile } from './turnstile.ts'

test('of several that come at once one is let in a turn of the event loop, in their order', async () => {
  const through = createTurnstile()
  const entered: number[] = []
  const all = [1, 2, 3].map(async (n) => {
    await through()
    entered.push(n)
  })
  const perTurn: number[] = []
  for (let turns = 0; turns < 10 && entered.length < 3; turns++) {
    const before = entered.length
    await nextTurn()
    perTurn.push(entered.length - before)
  }
  await Promise.all(all)
  expect(entered).toEqual([1, 2, 3])
  expect(Math.max(...perTurn)).toBe(1)
})
