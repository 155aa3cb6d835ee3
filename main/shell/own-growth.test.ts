import { expect, test } from 'vitest'
import { ownGrowth, watchOwnGrowth } from './own-growth.ts'

const { collect, unseen, seen } = ownGrowth

/** What is to be done when a page takes this much, one look after another. */
function looks(megabytes: readonly number[], isSeen = false): readonly string[] {
  const growth = watchOwnGrowth()
  return megabytes.map((one) => growth.look(7, one, isSeen))
}

test('what our page takes while it comes up is no growth', () => {
  expect(looks([40, 140, 140 + collect])).toEqual(['nothing', 'nothing', 'nothing'])
})

test('its garbage is collected each time it has grown since the last time', () => {
  const low = 102
  const asked = looks([100, 100, 101 + collect, low, low + collect, low + collect + 1, low])
  expect(asked).toEqual(['nothing', 'nothing', 'collect', 'nothing', 'nothing', 'collect', 'nothing'])
})

test('a page of which too much is left is begun anew, later while it is seen', () => {
  expect(looks([100, 100, 101 + unseen]).at(-1)).toBe('renew')
  expect(looks([100, 100, 101 + unseen], true).at(-1)).toBe('collect')
  expect(looks([100, 100, 101 + seen], true).at(-1)).toBe('renew')
})

test('a new process begins with what it takes itself', () => {
  const growth = watchOwnGrowth()
  for (let look = 0; look < 3; look++) growth.look(7, 100, false)
  expect([300, 300, 300 + collect].map((megabytes) => growth.look(8, megabytes, false))).toEqual(
    Array(3).fill('nothing'),
  )
  expect(growth.look(8, 301 + unseen, false)).toBe('renew')
})
