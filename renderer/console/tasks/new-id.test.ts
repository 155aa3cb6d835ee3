import { expect, test } from 'vitest'
import { z } from 'zod'
import { newId } from './new-id.ts'

test('an id is a random UUID', () => {
  const ids = Array.from({ length: 1000 }, newId)
  expect(ids.every((id) => z.uuidv4().safeParse(id).success)).toBe(true)
  expect(new Set(ids).size).toBe(1000)
})
