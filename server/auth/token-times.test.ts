import { expect, test } from 'vitest'
import { spanInWords, timeFault } from './token-times.ts'

test.each([
  [{ exp: 1001, iat: 900 }, null],
  [{}, null],
  [{ exp: 1000 }, { reason: 'expired', bySeconds: 0 }],
  [{ exp: 400 }, { reason: 'expired', bySeconds: 600 }],
  [{ iat: 1060, nbf: 1060 }, null],
  [{ iat: 1061 }, { reason: 'invalid', why: 'clock', bySeconds: 61 }],
  [
    { iat: 900, nbf: 4600 },
    { reason: 'invalid', why: 'clock', bySeconds: 3600 },
  ],
])('at 1000 the times %j make the token %j', (times, fault) => {
  expect(timeFault(times, 1000)).toEqual(fault && { ok: false, ...fault })
})

test.each([
  [90, '90 seconds'],
  [3300, '55 minutes'],
  [7200, '2 hours'],
])('%i seconds are said as %s', (seconds, words) => {
  expect(spanInWords(seconds)).toBe(words)
})
