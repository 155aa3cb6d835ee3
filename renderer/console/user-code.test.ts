import { expect, test } from 'vitest'
import { formatUserCode, isWholeUserCode } from './user-code.ts'

test.each([
  ['wdjb-mjht', 'WDJB-MJHT'],
  ['wdjbmjht', 'WDJB-MJHT'],
  [' WDJB MJHT ', 'WDJB-MJHT'],
  ['WDJB–MJHT', 'WDJB-MJHT'],
  ['wdjb', 'WDJB'],
  ['wdjbm', 'WDJB-M'],
  ['wdjb-', 'WDJB'],
  ['wdjb-mjht-and-more', 'WDJB-MJHT'],
  ['', ''],
])('%j is written %j', (typed, code) => {
  expect(formatUserCode(typed)).toBe(code)
})

test('only eight letters are a whole code', () => {
  expect(isWholeUserCode(formatUserCode('wdjbmjht'))).toBe(true)
  expect(isWholeUserCode(formatUserCode('wdjbmjh'))).toBe(false)
})
