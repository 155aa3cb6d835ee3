import fc from 'fast-check'
import { applyStringDelta } from 'fossil-delta'
import { expect, test } from 'vitest'
import { fossilDelta } from './delta.ts'

test('a delta makes exactly the target of the base, whatever characters are in them', () => {
  const pieces = fc.array(
    fc.constantFrom('temperature ', 'Überraschung ', '🔔', '🔕', 'é', '日本語', 'a', '"', '\\', '\n'),
  )
  const text = fc.array(pieces, { minLength: 1, maxLength: 40 }).map((parts) => parts.flat().join(''))
  fc.assert(
    fc.property(text, text, (base, target) => {
      const delta = fossilDelta(Buffer.from(base), Buffer.from(target))
      if (delta === null) return
      expect(Buffer.byteLength(delta)).toBeLessThan(Buffer.byteLength(target))
      expect(applyStringDelta(base, delta)).toBe(target)
    }),
    { numRuns: 1_000 },
  )
})

test('a small change in a long text makes a short delta', () => {
  const base = JSON.stringify({ text: 'abc def '.repeat(100), n: 1 })
  const delta = fossilDelta(Buffer.from(base), Buffer.from(base.replace('"n":1', '"n":2')))
  expect(delta?.length).toBeLessThan(60)
})

test('where a delta would split a character, or not be smaller, there is none', () => {
  const around = 'the same long beginning and the same long end'
  const [bell, silent] = [`${around}🔔${around}`, `${around}🔕${around}`]
  expect(fossilDelta(Buffer.from(bell), Buffer.from(silent))).toBeNull()
  expect(fossilDelta(Buffer.from('abc'), Buffer.from('xyz'))).toBeNull()
})
