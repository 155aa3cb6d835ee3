import { expect, test } from 'vitest'
import { anyTime, isTurnedRound, lastDays, momentsOf, periodIn } from './period.ts'

/** Noon, where the reader is. */
const now = new Date(2026, 2, 12, 12).getTime()
const local = (...at: [number, number, number, number?]) => new Date(...(at as [number, number, number])).toISOString()

test.each([
  ['', {}],
  ['hour', { from: local(2026, 2, 12, 11) }],
  ['today', { from: local(2026, 2, 12) }],
  ['week', { from: new Date(now - 7 * 24 * 3_600_000).toISOString() }],
  ['month', { from: new Date(now - 30 * 24 * 3_600_000).toISOString() }],
] as const)('"%s" begins where the reader expects it, and is open to what comes', (period, moments) => {
  expect(momentsOf({ ...anyTime, period }, now)).toEqual(moments)
})

test('days are those of the reader, and the last one is included', () => {
  expect(momentsOf({ period: 'days', from: '2026-03-01', to: '2026-03-31' }, now)).toEqual({
    from: local(2026, 2, 1),
    to: local(2026, 3, 1),
  })
  expect(momentsOf({ period: 'days', from: '', to: '2026-12-31' }, now)).toEqual({ to: local(2027, 0, 1) })
})

test('a day that is half typed is none', () => {
  for (const from of ['0002-03-01', '0202-03-01', 'yesterday', '2026-03']) {
    expect(momentsOf({ period: 'days', from, to: '' }, now)).toEqual({})
  }
})

test('there is a week to begin with, and an order', () => {
  expect(lastDays(now)).toEqual({ from: '2026-03-06', to: '2026-03-12' })
  expect(isTurnedRound(lastDays(now))).toBe(false)
  expect(isTurnedRound({ from: '2026-03-12', to: '2026-03-06' })).toBe(true)
  expect(isTurnedRound({ from: '2026-03-12', to: '' })).toBe(false)
})

test('a span that nobody offers is left out of an address', () => {
  expect(periodIn(new URLSearchParams('period=week&other=1'))).toEqual({ ...anyTime, period: 'week' })
  expect(periodIn(new URLSearchParams('period=century'))).toEqual(anyTime)
})
