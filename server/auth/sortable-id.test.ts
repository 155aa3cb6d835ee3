import { expect, test } from 'vitest'
import { z } from 'zod'
import { createSortableIds, firstIdOf } from './sortable-id.ts'

test('ids are UUIDs of version 7 that sort as they were made', () => {
  const next = createSortableIds()
  const ids = [1_000, 1_000, 1_000, 1_001, 2 ** 40, 2 ** 40].map(next)
  for (const id of ids) expect(z.uuidv7().safeParse(id).success, id).toBe(true)
  expect(ids.toSorted()).toEqual(ids)
})

test('the first id of an instant stands between those before and those of it', () => {
  const next = createSortableIds()
  const [before, of] = [next(1_999), next(2_000)]
  expect([of, firstIdOf(2_000), before].toSorted()).toEqual([before, firstIdOf(2_000), of])
})
