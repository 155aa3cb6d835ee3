import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deviceName } from '#protocol/devices.ts'
import { deviceSlug, suggestedName } from './device-slug.ts'

test.each([
  ['Lobby 1', 'lobby-1'],
  ['Empfang Süd', 'empfang-sud'],
  ['lobby-', 'lobby-'],
  ['  -lobby', 'lobby'],
  ['Box  #  17', 'box-17'],
  ['raspberrypi.local', 'raspberrypi-local'],
])('%j is written %j', (typed, slug) => {
  expect(deviceSlug(typed)).toBe(slug)
})

test('what is suggested after the name of a machine can be taken as it stands', () => {
  expect(suggestedName('pi-7 (new)')).toBe('pi-7-new')
  expect(suggestedName('kiosk_')).toBe('kiosk')
})

test('whatever is typed, all that can still be missing is a letter or digit at the end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      const name = suggestedName(typed)
      expect(name === '' || deviceName.safeParse(name).success).toBe(true)
    }),
  )
})
