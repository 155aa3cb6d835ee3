import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { applyStringDelta } from 'fossil-delta'
import { expect, test } from 'vitest'
import type { Publication } from '#server/broker/broker.ts'
import { createHub } from './hub.ts'
import { Outbox } from './outbox.ts'
import type { Member } from './strands.ts'
import { parseTagFilter } from './tag-filter.ts'
import { createWriteTurn } from './write-turn.ts'

const operation = fc.oneof(
  fc.record({ do: fc.constant('join' as const), kind: fc.constantFrom('plain', 'filter', 'delta') }),
  fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const), size: fc.nat(80), kept: fc.boolean() }) },
  fc.record({ do: fc.constant('turn' as const) }),
)

const roomy = { outboxBytes: 1e9, writeMs: 1e9 }

test('whoever comes and goes, each member reads exactly what was published for it while it was there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      const turn = createWriteTurn()
      const hub = createHub(turn)
      const readers: Reader[] = []
      let lastKept: Publication | null = null
      let offset = 0
      for (const [n, each] of operations.entries()) {
        if (each.do === 'turn') await new Promise(setImmediate)
        if (each.do === 'join') {
          const outbox = new Outbox({ out: new PassThrough(), encode: null }, turn, roomy, () => {})
          const reader = createReader(outbox, each.kind)
          readers.push(reader)
          const begins = reader.member.deltas && n % 2 === 0 ? lastKept : null
          reader.base = begins?.data
          hub.join('a', reader.member, { offset, epoch: 'e' }, begins)
        }
        const there = readers.filter(({ left }) => !left)
        if (each.do === 'leave') {
          const leaving = there[each.which % Math.max(1, there.length)]
          if (!leaving) continue
          hub.leave('a', leaving.member)
          leaving.left = true
        }
        if (each.do === 'publish') {
          if (each.kept) offset += 1
          const tags = { even: `${n % 2 === 0}` }
          const data = JSON.stringify({ n, shift: 'x'.repeat(n), long: `é🔔 word ${n}`.repeat(each.size) })
          const publication = { offset: each.kept ? offset : 0, data, tags, info: null, time: 0 }
          if (each.kept) lastKept = publication
          hub.publish('a', publication, 'e')
          for (const { member, expected } of there) if (member.filter?.matches(tags) ?? true) expected.push(data)
        }
      }
      for (let rest = 0; rest < 3; rest++) await new Promise(setImmediate)
      for (const { read, expected } of readers) expect(read()).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

test('who comes with another base than the others have gets a full publication first', async () => {
  const turn = createWriteTurn()
  const hub = createHub(turn)
  const join = (last: Publication | null) => {
    const reader = createReader(new Outbox({ out: new PassThrough(), encode: null }, turn, roomy, () => {}), 'delta')
    reader.base = last?.data
    hub.join('a', reader.member, { offset: 1, epoch: 'e' }, last)
    return reader
  }
  const publication = (offset: number, text: string): Publication => {
    return { offset, data: JSON.stringify(text.repeat(50)), tags: null, info: null, time: 0 }
  }
  const [kept, passing, next] = [
    publication(1, 'kept '),
    publication(0, 'passing '),
    publication(2, 'passing '.repeat(2)),
  ]
  const early = join(kept)
  hub.publish('a', passing, 'e')
  const late = join(kept)
  hub.publish('a', next, 'e')
  for (let rest = 0; rest < 3; rest++) await new Promise(setImmediate)
  expect(early.read()).toEqual([passing.data, next.data])
  expect(late.read()).toEqual([next.data])
})

interface Reader {
  readonly member: Member
  readonly expected: string[]
  /** What a client makes of the frames so far. */
  read(): string[]
  base: string | undefined
  left: boolean
}

function createReader(outbox: Outbox, kind: string): Reader {
  const frames: Buffer[] = []
  const filter = parseTagFilter({ key: 'even', cmp: 'eq', val: 'true' })
  if (!filter.ok) throw new Error(filter.message)
  const member: Member = {
    outbox: Object.assign(outbox, { push: (frame: Buffer) => void frames.push(frame) }),
    joinLeave: false,
    filter: kind === 'filter' ? filter.filter : null,
    deltas: kind === 'delta',
    lostPosition: () => {
      throw new Error('no publication was left out')
    },
  }
  const reader: Reader = {
    member,
    expected: [],
    read: () => readAll(frames, member.deltas, reader.base),
    base: undefined,
    left: false,
  }
  return reader
}

function readAll(frames: readonly Buffer[], deltas: boolean, base: string | undefined): string[] {
  let previous = base ?? ''
  return textsOf(Buffer.concat(frames)).map((text) => {
    const { pub } = (JSON.parse(text) as { push: { pub: { data: unknown; delta?: boolean } } }).push
    if (!deltas) return JSON.stringify(pub.data)
    expect(pub.data).toBeTypeOf('string')
    previous = pub.delta ? applyStringDelta(previous, String(pub.data)) : String(pub.data)
    return previous
  })
}

/** The payloads of whole frames, one behind the other. */
function textsOf(frames: Buffer): string[] {
  const texts: string[] = []
  let at = 0
  while (at < frames.length) {
    const short = frames[at + 1] ?? 0
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    const length = short < 126 ? short : short === 126 ? frames.readUInt16BE(at + 2) : frames.readUInt32BE(at + 6)
    texts.push(frames.toString('utf8', at + header, at + header + length))
    at += header + length
  }
  return texts
}
