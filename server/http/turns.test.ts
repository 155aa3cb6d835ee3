import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('of several that come at once the first does not wait, and one of the others begins each turn, in their order', async () => {
  const inTurn = createTurns()
  const begun: string[] = []
  for (const name of ['a', 'b', 'c']) void inTurn().then(() => begun.push(name))
  await Promise.resolve()
  expect(begun).toEqual(['a'])
  await turn()
  expect(begun).toEqual(['a', 'b'])
  await turn()
  expect(begun).toEqual(['a', 'b', 'c'])
})

test('once all have begun the next does not wait either', async () => {
  const inTurn = createTurns()
  await inTurn()
  await inTurn()
  for (let turns = 0; turns < 3; turns++) await turn()
  let hasBegun = false
  void inTurn().then(() => {
    hasBegun = true
  })
  await Promise.resolve()
  expect(hasBegun).toBe(true)
})
