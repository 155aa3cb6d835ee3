import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Publication } from '#server/broker/broker.ts'
import { catchUp, decideCacheRecovery, decideRecovery } from './recovery.ts'

const bounds = { publications: 100, bytes: 100_000 }
const publication = (offset: number): Publication => ({ offset, data: `${offset}`, tags: null, info: null, time: 0 })
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => publication(from + n))

test('whatever is kept, a client recovers exactly what it missed or is told that it cannot', () => {
  const stream = fc.record({ top: fc.nat(60), kept: fc.nat(60), at: fc.nat(70), most: fc.integer({ min: 1, max: 60 }) })
  fc.assert(
    fc.property(stream, ({ top, kept, at, most }) => {
      const oldest = Math.max(1, top - kept + 1)
      const page = { publications: range(Math.max(oldest, at + 1), top).slice(0, most + 1), offset: top, epoch: 'e' }
      const decided = decideRecovery({ offset: at, epoch: 'e' }, page, { ...bounds, publications: most })
      const isPossible = at <= top && at + 1 >= oldest && top - at <= most
      expect(decided.recovered).toBe(isPossible || at === top)
      if (decided.recovered)
        expect(decided.missed.map(({ offset }) => offset)).toEqual(range(at + 1, top).map((p) => p.offset))
    }),
  )
})

test('an empty epoch stands for any, another one for none', () => {
  const page = { publications: range(3, 4), offset: 4, epoch: 'e' }
  expect(decideRecovery({ offset: 2, epoch: '' }, page, bounds).recovered).toBe(true)
  expect(decideRecovery({ offset: 2, epoch: 'f' }, page, bounds).recovered).toBe(false)
})

test('more bytes than the bound are not recovered', () => {
  const page = { publications: range(1, 2), offset: 2, epoch: 'e' }
  expect(decideRecovery({ offset: 0, epoch: 'e' }, page, { ...bounds, bytes: 2 }).recovered).toBe(true)
  expect(decideRecovery({ offset: 0, epoch: 'e' }, page, { ...bounds, bytes: 1 }).recovered).toBe(false)
})

test('of a cache the newest is recovered, unless the client has it or it is kept no more', () => {
  const recover = (at: number, epoch: string, kept: readonly Publication[], isWanted = (_: Publication) => true) => {
    const decided = decideCacheRecovery(
      { offset: at, epoch },
      { publications: kept, offset: 7, epoch: 'e' },
      bounds,
      isWanted,
    )
    return decided.recovered ? decided.missed.map(({ offset }) => offset) : null
  }
  const newestFirst = range(5, 7).reverse()
  expect(recover(0, '', newestFirst)).toEqual([7])
  expect(recover(6, 'e', newestFirst)).toEqual([7])
  expect(recover(7, 'e', newestFirst)).toEqual([])
  expect(recover(7, 'e', [])).toEqual([])
  expect(recover(7, 'f', newestFirst)).toEqual([7])
  expect(recover(9, 'e', newestFirst)).toEqual([7])
  expect(recover(6, 'e', [])).toBeNull()
  expect(recover(0, '', [])).toBeNull()
  const five = ({ offset }: Publication) => offset === 5
  expect(recover(0, '', newestFirst, five)).toEqual([5])
  expect(recover(5, 'e', newestFirst, five)).toEqual([])
  // Before 5 there may have been one that was wanted.
  expect(recover(0, '', newestFirst, () => false)).toBeNull()
  expect(recover(4, 'e', newestFirst, () => false)).toEqual([])
  const empty = { publications: [], offset: 0, epoch: 'e' }
  expect(decideCacheRecovery({ offset: 0, epoch: 'e' }, empty, bounds, () => true)).toEqual({ recovered: false })
  const page = { publications: newestFirst, offset: 7, epoch: 'e' }
  const tight = { bytes: 0 }
  expect(decideCacheRecovery({ offset: 0, epoch: '' }, page, tight, () => true)).toEqual({ recovered: false })
  expect(decideCacheRecovery({ offset: 7, epoch: 'e' }, page, tight, () => true)).toMatchObject({ recovered: true })
})

test('what arrived while history was read continues it without repetition, wherever the reading began', () => {
  const reading = fc.record({ top: fc.nat(30), from: fc.nat(30), to: fc.nat(40) })
  fc.assert(
    fc.property(reading, ({ top, from, to }) => {
      const arrived = range(from + 1, to)
      const caught = catchUp(
        { offset: top, epoch: 'e' },
        arrived.map((each) => ({ publication: each, epoch: 'e' })),
      )
      const first = arrived[0]?.offset
      expect(caught.complete).toBe(first === undefined || first <= top + 1)
      if (!caught.complete) return
      const expected = arrived.map(({ offset }) => offset).filter((offset) => offset > top)
      expect(caught.late.map(({ offset }) => offset)).toEqual(expected)
      expect(caught.position.offset).toBe(expected.at(-1) ?? top)
    }),
  )
})

test('what arrived from another epoch means that the place is lost', () => {
  expect(catchUp({ offset: 1, epoch: 'e' }, [{ publication: publication(2), epoch: 'f' }]).complete).toBe(false)
})

test('what is not kept passes between, and is no sign that something is missing', () => {
  const arrived = [
    { publication: publication(0), epoch: '' },
    { publication: publication(2), epoch: 'e' },
  ]
  const caught = catchUp({ offset: 1, epoch: 'e' }, arrived)
  expect(caught).toMatchObject({ complete: true, late: [{ offset: 0 }, { offset: 2 }], position: { offset: 2 } })
})
