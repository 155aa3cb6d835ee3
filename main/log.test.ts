import { expect, test } from 'vitest'
import { logLine } from './log.ts'

test('a line is its message and its fields', () => {
  expect(logLine('received', { channel: 'news:general', offset: 7 })).toBe('received channel=news:general offset=7')
})

test('a value with spaces, quotes or line breaks stays one value on one line', () => {
  expect(logLine('lost', { reason: 'no "pong"\nat all', empty: '' })).toBe(
    'lost reason="no \\"pong\\"\\nat all" empty=""',
  )
})
