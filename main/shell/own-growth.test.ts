import { expect, test } from 'vitest'
import { mostOwnGrowth, watchOwnGrowth } from './own-growth.ts'

const { unseen, seen } = mostOwnGrowth.usual

test('what our page takes while it comes up is no growth, and more than it may take afterwards is', () => {
  const growth = watchOwnGrowth('usual')
  const asked = [40, 140, 140 + unseen, 141 + unseen].map((megabytes) => growth.isTooMuch(7, megabytes, false))
  expect(asked).toEqual([false, false, false, true])
})

test('a page that is seen may grow further before it is begun anew', () => {
  const growth = watchOwnGrowth('usual')
  const asked = [100, 100, 101 + unseen, 101 + seen].map((megabytes) => growth.isTooMuch(7, megabytes, true))
  expect(asked).toEqual([false, false, false, true])
})

test('a new process begins with what it takes itself', () => {
  const growth = watchOwnGrowth('usual')
  for (let look = 0; look < 3; look++) growth.isTooMuch(7, 100, false)
  const asked = [300, 300, 300, 301 + unseen].map((megabytes) => growth.isTooMuch(8, megabytes, false))
  expect(asked).toEqual([false, false, false, true])
})

test('on a machine with little memory it may grow less', () => {
  const { unseen, seen } = mostOwnGrowth.low
  expect([unseen < mostOwnGrowth.usual.unseen, seen < mostOwnGrowth.usual.seen]).toEqual([true, true])
  const growth = watchOwnGrowth('low')
  const looks: [number, boolean][] = [
    [100, false],
    [100, false],
    [100 + unseen, false],
    [101 + unseen, true],
    [101 + unseen, false],
    [101 + seen, true],
  ]
  expect(looks.map(([megabytes, isSeen]) => growth.isTooMuch(7, megabytes, isSeen))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
  ])
})
