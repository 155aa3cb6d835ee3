import { expect, test } from 'vitest'
import { createTurnstile } from './turnstile.ts'

test('of several that come at once the first does not wait, and the others follow in their order, apart', async () => {
  const turnstile = createTurnstile({ everyMs: 30, maxWaitMs: 1000 })
  const entered: { name: string; at: number }[] = []
  const enter = async (name: string) => {
    expect(await turnstile.enter()).toBe(true)
    entered.push({ name, at: performance.now() })
  }
  const began = performance.now()
  const first = enter('a')
  const others = Promise.all([enter('b'), enter('c')])
  await first
  expect(entered.map(({ name }) => name)).toEqual(['a'])
  await others
  expect(entered.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  // A timer leaves out fractions of a millisecond, and may be early by one.
  expect((entered[1]?.at ?? 0) - began).toBeGreaterThan(27)
  expect((entered[2]?.at ?? 0) - began).toBeGreaterThan(57)
})

test('whoever would wait too long is told at once, and there is room again later', async () => {
  const turnstile = createTurnstile({ everyMs: 10, maxWaitMs: 25 })
  const all = await Promise.all(Array.from({ length: 5 }, () => turnstile.enter()))
  expect(all).toEqual([true, true, true, false, false])
  expect(await turnstile.enter()).toBe(true)
})
