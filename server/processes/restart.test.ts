import { expect, test } from 'vitest'
import { afterEnd, noEnds, restartDelayMs } from './restart.ts'

const afterEnds = (livedMs: readonly number[]) => restartDelayMs(livedMs.reduce(afterEnd, noEnds))

test('the first end is made up for soon, and each that follows it at once takes twice as long', () => {
  expect(afterEnds([1])).toBe(100)
  expect(afterEnds([1, 1])).toBe(200)
  expect(afterEnds([1, 1, 1, 1])).toBe(800)
})

test('nobody waits longer than half a minute for a new process', () => {
  expect(afterEnds(Array(20).fill(1))).toBe(30_000)
  expect(afterEnds(Array(5_000).fill(1))).toBe(30_000)
})

test('a process that has lived for a minute was well', () => {
  expect(afterEnds([1, 1, 1, 60_000])).toBe(100)
})
