import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitsGlob } from './glob.ts'

test('a star stands for anything, and a question mark for one character', () => {
  expect(fitsGlob('reports@*', 'reports@box')).toBe(true)
  expect(fitsGlob('*@box', 'reports@box')).toBe(true)
  expect(fitsGlob('r?ports@b*x', 'reports@box')).toBe(true)
  expect(fitsGlob('reports', 'reports@box')).toBe(false)
  expect(fitsGlob('', 'x')).toBe(false)
  expect(fitsGlob('**', '')).toBe(true)
})

test('it means what the same regular expression means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
  fc.assert(
    fc.property(letters, name, (pattern, text) => {
      const same = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`)
      expect(fitsGlob(pattern, text)).toBe(same.test(text))
    }),
  )
})

test('a pattern that is made to take long does not', () => {
  const began = performance.now()
  expect(fitsGlob(`${'*a'.repeat(250)}b`, 'a'.repeat(500))).toBe(false)
  expect(performance.now() - began).toBeLessThan(1_000)
})
