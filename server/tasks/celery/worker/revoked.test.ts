import { expect, test } from 'vitest'
import { createRevoked } from './revoked.ts'

test('what was revoked is known for its time, and the oldest make room', () => {
  let time = 0
  const revoked = createRevoked({ now: () => time, keepMs: 100, most: 2 })
  revoked.add('a')
  time = 50
  revoked.add('b')
  expect([revoked.has('a'), revoked.has('b'), revoked.has('c')]).toEqual([true, true, false])
  revoked.add('c')
  expect(revoked.ids()).toEqual(['b', 'c'])
  time = 120
  revoked.add('b')
  time = 160
  expect(revoked.ids()).toEqual(['b'])
  expect(revoked.has('c')).toBe(false)
})
