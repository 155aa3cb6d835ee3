import { expect, test } from 'vitest'
import { fitsGlob } from './glob.ts'

test.each([
  ['*', 'news:a', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['news:*', 'news:a', true],
  ['news:*', 'news:', true],
  ['news:*', 'commands:news:a', false],
  ['*:a', 'news:a', true],
  ['*a*b', 'xaab', true],
  ['*a*b', 'xaba', false],
  ['new?:a', 'news:a', true],
  ['new?:a', 'new:a', false],
  ['news.a', 'news:a', false],
  ['[a]', 'a', false],
])('%s and %s: %s', (pattern, text, fits) => {
  expect(fitsGlob(pattern, text)).toBe(fits)
})

test('a pattern made to be slow is not', () => {
  const started = performance.now()
  expect(fitsGlob(`${'*a'.repeat(120)}b`, 'a'.repeat(255))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1_000)
})
