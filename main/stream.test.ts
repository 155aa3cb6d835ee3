import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { memoryLog } from './log.ts'
import { createStream, type Page, type Position, type Publication } from './stream.ts'

const epoch = 'first'
const at = (offset: number, of = epoch): Position => ({ epoch: of, offset })
const pub = (offset: number): Publication => ({ offset, data: offset })

test('what the SDK passes on in order is delivered in order', () => {
  const { stream, delivered, gaps } = build()
  stream.subscribed(at(10), false)
  for (const offset of [11, 12, 13]) stream.publication(pub(offset))
  expect(delivered).toEqual([11, 12, 13])
  expect(stream.position).toEqual(at(13))
  expect(gaps).toEqual([])
})

test('duplicates are dropped by their offset', () => {
  const { stream, delivered } = build()
  stream.subscribed(at(0), false)
  for (const offset of [1, 1, 2, 1, 2, 3]) stream.publication(pub(offset))
  expect(delivered).toEqual([1, 2, 3])
})

test('a recovery that the server managed needs no page', () => {
  const { stream, delivered, asked } = build()
  stream.subscribed(at(10), false)
  stream.interrupted()
  stream.subscribed(at(10), true)
  for (const offset of [11, 12]) stream.publication(pub(offset))
  expect(delivered).toEqual([11, 12])
  expect(asked).toEqual([])
})

test('a recovery that the server refused is paged from history while live publications wait their turn', async () => {
  const { stream, delivered, gaps, asked, settled } = build({ kept: range(1, 650), pageSize: 300 })
  stream.subscribed(at(10), false)
  stream.interrupted()
  stream.subscribed(at(650), false)
  stream.publication(pub(651))
  stream.publication(pub(652))
  expect(delivered).toEqual([])
  await settled(652)
  expect(delivered).toEqual(range(11, 652))
  expect(asked).toEqual([at(10), at(310), at(610)])
  expect(gaps).toEqual([])
})

test('what history does not keep any more is said, with its number', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: range(50, 60) })
  stream.subscribed(at(10), false)
  stream.subscribed(at(60), false)
  await settled(60)
  expect(delivered).toEqual(range(50, 60))
  expect(gaps).toEqual([39])
})

test('a history that has expired altogether is one gap', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: [], top: 60 })
  stream.subscribed(at(10), false)
  stream.subscribed(at(60), false)
  await settled(60)
  stream.publication(pub(61))
  expect(delivered).toEqual([61])
  expect(gaps).toEqual([50])
})

test('another epoch is a gap of unknown size, and all of the new history is delivered', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: range(1, 3), epoch: 'second' })
  stream.subscribed(at(10), false)
  stream.subscribed(at(3, 'second'), false)
  await settled(3)
  stream.publication(pub(4))
  expect(delivered).toEqual([1, 2, 3, 4])
  expect(gaps).toEqual([null])
  expect(stream.position).toEqual(at(4, 'second'))
})

test('a server that lost its newest entries is a gap, and its next publications are not taken for duplicates', () => {
  const { stream, delivered, gaps } = build()
  stream.subscribed(at(99), false)
  stream.publication(pub(100))
  stream.subscribed(at(95), false)
  stream.publication(pub(96))
  expect(delivered).toEqual([100, 96])
  expect(gaps).toEqual([null])
})

test('a recovery from behind what was paged already delivers nothing twice', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: range(1, 20) })
  stream.subscribed(at(10), false)
  stream.subscribed(at(20), false)
  await settled(20)
  stream.subscribed(at(15), true)
  for (const offset of range(16, 21)) stream.publication(pub(offset))
  expect(delivered).toEqual(range(11, 21))
  expect(gaps).toEqual([])
})

test('a hole in what arrives is filled from history before going on', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: range(1, 5) })
  stream.subscribed(at(1), false)
  stream.publication(pub(2))
  stream.publication(pub(5))
  stream.publication(pub(4))
  await settled(5)
  expect(delivered).toEqual([2, 3, 4, 5])
  expect(gaps).toEqual([])
})

test('a hole that history cannot fill is said once, after a second look', async () => {
  const { stream, delivered, gaps, asked, settled } = build({ kept: [], top: 3 })
  stream.subscribed(at(1), false)
  stream.publication(pub(4))
  await settled(4)
  expect(delivered).toEqual([4])
  expect(gaps).toEqual([2])
  expect(asked.length).toBe(2)
})

test('a page that fails is asked for again', async () => {
  let failures = 2
  const { stream, delivered, settled } = build({
    kept: range(1, 5),
    before: () => failures-- > 0 && Promise.reject({ code: 100, message: 'internal server error', temporary: true }),
  })
  stream.subscribed(at(0), false)
  stream.subscribed(at(5), false)
  await settled(5)
  expect(delivered).toEqual(range(1, 5))
})

test('without the right to read history what is lost is said and delivery goes on', async () => {
  const { stream, delivered, gaps, settled } = build({
    before: () => Promise.reject({ code: 103, message: 'permission denied' }),
  })
  stream.subscribed(at(1), false)
  stream.subscribed(at(5), false)
  await settled(5)
  stream.publication(pub(6))
  expect(delivered).toEqual([6])
  expect(gaps).toEqual([4])
})

test('a position the server does not know starts over with all that it has', async () => {
  let refusals = 1
  const { stream, delivered, gaps, settled } = build({
    kept: range(1, 4),
    epoch: 'second',
    before: () => refusals-- > 0 && Promise.reject({ code: 112, message: 'unrecoverable position' }),
  })
  stream.subscribed(at(1), false)
  stream.subscribed(at(9), false)
  await settled(4)
  expect(delivered).toEqual(range(1, 4))
  expect(gaps).toEqual([null])
  expect(stream.position).toEqual(at(4, 'second'))
})

test('a channel without history is passed on as it is', () => {
  const { stream, delivered } = build()
  stream.subscribed(null, false)
  stream.publication({ data: 'a' })
  stream.publication({ data: 'a' })
  expect(delivered).toEqual(['a', 'a'])
  expect(stream.position).toBeNull()
})

test('more than can wait is fetched afterwards', async () => {
  const { stream, delivered, gaps, settled } = build({ kept: range(1, 3000) })
  stream.subscribed(at(0), false)
  stream.subscribed(at(10), false)
  for (const offset of range(11, 3000)) stream.publication(pub(offset))
  await settled(3000)
  expect(delivered).toEqual(range(1, 3000))
  expect(gaps).toEqual([])
})

test('whatever is cut, repeated or reordered, everything arrives once and in order', async () => {
  const cut = fc.oneof(
    fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('lose' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('repeat' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('reconnect' as const), recovered: fc.boolean() }),
    fc.record({ do: fc.constant('breathe' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { maxLength: 30 }), async (steps) => {
      const kept: number[] = []
      const { stream, delivered, gaps, settled } = build({ kept, pageSize: 3, quick: true })
      let seen = 0
      stream.subscribed(at(0), false)
      for (const step of steps) {
        if (step.do === 'publish' || step.do === 'lose') {
          for (const offset of range(kept.length + 1, kept.length + step.count)) {
            kept.push(offset)
            if (step.do === 'lose') continue
            stream.publication(pub(offset))
            seen = offset
          }
        } else if (step.do === 'repeat') {
          for (const offset of kept.slice(-step.count)) stream.publication(pub(offset))
        } else if (step.do === 'reconnect') {
          stream.interrupted()
          stream.subscribed(at(step.recovered ? seen : kept.length), step.recovered)
          if (step.recovered) for (const offset of range(seen + 1, kept.length)) stream.publication(pub(offset))
          seen = kept.length
        } else await new Promise(setImmediate)
      }
      stream.interrupted()
      stream.subscribed(at(kept.length), false)
      await settled(kept.length)
      expect(delivered).toEqual(range(1, kept.length))
      expect(gaps).toEqual([])
    }),
    { numRuns: 200 },
  )
})

interface Bench {
  readonly kept?: number[]
  readonly top?: number
  readonly epoch?: string
  readonly pageSize?: number
  readonly quick?: boolean
  before?(): unknown
}

/** A stream over a history that keeps these offsets; what is delivered is added to it as the server would. */
function build({ kept = [], top = 0, epoch: served = epoch, pageSize = 300, quick, before }: Bench = {}) {
  const delivered: unknown[] = []
  const gaps: (number | null)[] = []
  const asked: Position[] = []
  const page = async (since: Position): Promise<Page> => {
    asked.push(since)
    await (before?.() ?? null)
    await new Promise(setImmediate)
    const publications = kept.filter((offset) => offset > since.offset).slice(0, pageSize)
    return { publications: publications.map(pub), epoch: served, offset: Math.max(top, kept.at(-1) ?? 0) }
  }
  const stream = createStream({
    log: memoryLog(),
    deliver: (publication) => void delivered.push(publication.data),
    missed: (count) => void gaps.push(count),
    page,
    retryAfter: quick ? 0 : 5,
  })
  onTestFinished(() => stream.interrupted())
  const settled = (offset: number) =>
    vi.waitFor(() => expect(stream.position?.offset ?? 0).toBe(offset), { interval: 1 })
  return { stream, delivered, gaps, asked, settled }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
