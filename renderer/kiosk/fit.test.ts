import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseFit, largestFitting, type Wrapping } from './fit.ts'

test('the largest size that fits is found, whatever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 500 }), (limit) => {
      expect(largestFitting(6, 500, (size) => size <= limit)).toBe(limit)
    }),
  )
})

test('a text that fits at no size gets the smallest', () => {
  expect(largestFitting(6, 500, () => false)).toBe(6)
})

/** The largest size that would fit for each wrapping. */
function screen(limits: Record<Wrapping, number>) {
  return (size: number, wrapping: Wrapping) => size <= limits[wrapping]
}

test('one word does not fill the whole screen', () => {
  expect(chooseFit(400, () => true)).toEqual({ size: 168, wrapping: 'words' })
})

test('words stay whole when that costs little', () => {
  expect(chooseFit(400, screen({ words: 26, anywhere: 28, joined: 28 }))).toEqual({ size: 26, wrapping: 'words' })
})

test('a word that is wider than the screen is broken rather than shown tiny', () => {
  expect(chooseFit(400, screen({ words: 9, anywhere: 60, joined: 60 }))).toEqual({ size: 60, wrapping: 'anywhere' })
})

test('a thousand short lines are joined rather than shown tiny', () => {
  expect(chooseFit(400, screen({ words: 6, anywhere: 6, joined: 15 }))).toEqual({ size: 15, wrapping: 'joined' })
})
