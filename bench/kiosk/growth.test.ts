import { expect, test } from 'vitest'
import { growthOf, mostGrowth, type Sample } from './growth.ts'

/** Forty samples of a day, of which the memory is that of `own` after so many switches. */
function day(own: (switches: number) => number, others: Partial<Sample> = {}): readonly Sample[] {
  return Array.from({ length: 40 }, (_, index) => ({
    ...{
      switches: (index + 1) * 72,
      seconds: index * 20,
      megabytes: own(index * 72) + 100,
      own: own((index + 1) * 72),
    },
    ...{ byPart: {}, processes: 7, threads: 77, openFiles: 236, heap: 11, waitsFor: 10, ...others },
  }))
}

test('what fills at the beginning and then stays is no growth', () => {
  const growth = growthOf(day((switches) => 150 - 40 * Math.exp(-switches / 60)))
  expect(growth.faults).toEqual([])
  expect(Math.abs(growth.slope)).toBeLessThan(0.5)
})

test('what loses a little at every switch grows, and the slope says how much', () => {
  const growth = growthOf(day((switches) => 150 + switches * 0.006))
  expect(growth.faults).toEqual([expect.stringMatching(/^own grew by 1\d(\.\d)?, more than 10$/)])
  expect(growth.slope).toBeCloseTo(6)
  expect(growth.slopeError).toBeCloseTo(0)
})

test('what comes and goes is no growth, and makes the slope uncertain', () => {
  const growth = growthOf(day((switches) => 150 + 4 * Math.sin(switches)))
  expect(growth.faults).toEqual([])
  expect(growth.slopeError).toBeGreaterThan(0.1)
})

test('a process or files that stay open are growth, too', () => {
  const samples = day(() => 150).map((one) => (one.switches < 1500 ? one : { ...one, processes: 8, openFiles: 260 }))
  expect(growthOf(samples).faults).toEqual([
    `openFiles grew by 24, more than ${mostGrowth.openFiles}`,
    `processes grew by 1, more than ${mostGrowth.processes}`,
  ])
})
