import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Attempts,
  beginAttempts,
  countAttempt,
  forgive,
  forgivenAfterMs,
  longestWaitMs,
  waitAfter,
  waitLeft,
} from './attempts.ts'

test('the first two wrong attempts cost nothing, then waits double up to ten minutes', () => {
  const waits = Array.from({ length: 13 }, (_, wrong) => waitAfter(wrong) / 1000)
  expect(waits).toEqual([0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 600, 600, 600])
})

test('ten wrong attempts end in a wait of ten minutes, after which one is free again', () => {
  let attempts = beginAttempts(0, 0)
  let now = 0
  for (let made = 0; made < 10; made++) {
    now += waitLeft(attempts, now)
    attempts = countAttempt(attempts, now)
  }
  expect(waitLeft(attempts, now)).toBe(longestWaitMs)
  expect(waitLeft(attempts, now + longestWaitMs)).toBe(0)
})

test('a restart begins the wait anew instead of ending it', () => {
  expect(waitLeft(beginAttempts(5, 0), 0)).toBe(waitAfter(5))
})

test('the right one clears everything, and so does an hour without an attempt', () => {
  expect(forgive(7)).toEqual({ wrong: 0, notBefore: 7, newest: 7 })
  const tired = beginAttempts(9, 0)
  expect(countAttempt(tired, forgivenAfterMs).wrong).toBe(1)
  expect(countAttempt(tired, forgivenAfterMs - 1).wrong).toBe(10)
})

const deeds = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('attempt' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 * forgivenAfterMs }) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  { maxLength: 200 },
)

test('whatever somebody does, a wait ends, and guesses stay few', () => {
  fc.assert(
    fc.property(deeds, (list) => {
      // The clock of the app begins anew at a restart; `real` goes on.
      let [now, real] = [0, 0]
      let attempts: Attempts = beginAttempts(0, now)
      const guesses: number[] = []
      for (const deed of list) {
        if (deed.kind === 'wait') {
          now += deed.ms
          real += deed.ms
        } else if (deed.kind === 'restart') {
          now = 0
          attempts = beginAttempts(attempts.wrong, now)
        } else if (waitLeft(attempts, now) === 0) {
          guesses.push(real)
          attempts = countAttempt(attempts, now)
        }
        expect(waitLeft(attempts, now)).toBeLessThanOrEqual(longestWaitMs)
        expect(waitLeft(attempts, now + longestWaitMs)).toBe(0)
      }
      for (const from of guesses) {
        const inAnHour = guesses.filter((at) => at >= from && at - from < forgivenAfterMs).length
        expect(inAnHour).toBeLessThanOrEqual(20)
      }
    }),
    { numRuns: 500 },
  )
})

test('an attacker who never pauses has fewer than eight guesses an hour in the long run', () => {
  let attempts = beginAttempts(0, 0)
  let now = 0
  let guesses = 0
  const week = 7 * 24 * 3600_000
  while (now < week) {
    now += waitLeft(attempts, now)
    attempts = countAttempt(attempts, now)
    guesses++
  }
  expect(guesses / (week / 3600_000)).toBeLessThan(8)
})
