import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deviceName } from '#protocol/devices.ts'
import { deviceSlug } from './device-slug.ts'

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

test('whatever is typed, all that can still be missing is a letter or digit at the end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      const slug = deviceSlug(typed).replace(/[-_]+$/, '')
      expect(slug === '' || deviceName.safeParse(slug).success).toBe(true)
    }),
  )
})
