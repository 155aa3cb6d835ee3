import { expect, test } from 'vitest'
import { filterOf, noFilter } from './audit-words.ts'

test('a filter without anything chosen asks for everything', () => {
  expect(filterOf(noFilter)).toEqual({})
})

test('moments are read in the zone of the reader', () => {
  const filter = filterOf({ ...noFilter, who: ' Ada ', outcome: 'refused', from: '2026-03-12T09:00', to: 'never' })
  expect(filter).toEqual({ actor: 'Ada', outcome: 'refused', from: new Date(2026, 2, 12, 9).toISOString() })
})
