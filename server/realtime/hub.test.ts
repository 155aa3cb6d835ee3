import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Publication } from '#server/broker/broker.ts'
import { createHub } from './hub.ts'
import { Outbox } from './outbox.ts'
import type { Member } from './strands.ts'
import { createWriteTurn } from './write-turn.ts'

const roomy = { outboxBytes: 1e6, writeMs: 1e9 }

test('the publications of one turn leave in one write, the same for every member', async () => {
  const { hub, join } = setUp()
  const [one, two] = [join('a'), join('a')]
  for (const n of [1, 2, 3]) hub.publish('a', publication(n), 'e')
  await turn()
  expect(one.writes).toEqual([[1, 2, 3]])
  expect(two.writes).toEqual([[1, 2, 3]])
})

test('who joins in the middle of a turn gets what comes after, who leaves gets what came before', async () => {
  const { hub, join, leave } = setUp()
  const early = join('a')
  hub.publish('a', publication(1), 'e')
  const late = join('a')
  hub.publish('a', publication(2), 'e')
  leave('a', early)
  hub.publish('a', publication(3), 'e')
  await turn()
  expect(early.writes.flat()).toEqual([1, 2])
  expect(late.writes.flat()).toEqual([2, 3])
})

test('a repeated publication reaches nobody again', async () => {
  const { hub, join } = setUp()
  const member = join('a', { offset: 4, epoch: 'e' })
  for (const n of [3, 4, 5, 5, 4, 6]) hub.publish('a', publication(n), 'e')
  await turn()
  expect(member.writes.flat()).toEqual([5, 6])
})

test('after a gap, or in another epoch, every member has lost its place and gets nothing more', async () => {
  for (const [offset, epoch] of [
    [7, 'e'],
    [5, 'f'],
  ] as const) {
    const { hub, join } = setUp()
    const members = [join('a', { offset: 4, epoch: 'e' }), join('a', { offset: 4, epoch: 'e' })]
    hub.publish('a', publication(offset), epoch)
    await turn()
    expect(members.map(({ lost, writes }) => [lost, writes])).toEqual([
      [1, []],
      [1, []],
    ])
    expect(hub.channels()).toEqual([])
  }
})

test('who joins from another epoch takes the place of all who are in an old one', async () => {
  const { hub, join } = setUp()
  const old = join('a', { offset: 4, epoch: 'e' })
  const fresh = join('a', { offset: 1, epoch: 'f' })
  expect([old.lost, fresh.lost]).toEqual([1, 0])
  hub.publish('a', publication(2), 'f')
  await turn()
  expect([old.writes, fresh.writes]).toEqual([[], [[2]]])
  expect(hub.channels()).toEqual([{ channel: 'a', clients: 1 }])
})

test('who joins behind the others shows that the stream went back, and takes their place', async () => {
  const { hub, join } = setUp()
  const ahead = join('a', { offset: 9, epoch: 'e' })
  const back = join('a', { offset: 4, epoch: 'e' })
  expect([ahead.lost, back.lost]).toEqual([1, 0])
  hub.publish('a', publication(5), 'e')
  await turn()
  expect([ahead.writes, back.writes]).toEqual([[], [[5]]])
})

test('publications without offsets pass in any channel', async () => {
  const { hub, join } = setUp()
  const member = join('a', { offset: 4, epoch: 'e' })
  hub.publish('a', publication(0), '')
  hub.publish('a', publication(5), 'e')
  await turn()
  expect(member.writes.flat()).toEqual([undefined, 5])
})

test('an outbox that overflows is dropped, told once and takes nothing more', async () => {
  const writes = createWriteTurn()
  const socket = new PassThrough({ writableHighWaterMark: 1, readableHighWaterMark: 1 })
  let overflows = 0
  const outbox = new Outbox(
    { out: socket, encode: null },
    writes,
    { ...roomy, outboxBytes: 1000 },
    () => (overflows += 1),
  )
  for (let n = 0; n < 10; n++) {
    outbox.push(Buffer.alloc(300))
    await turn()
  }
  expect(overflows).toBe(1)
  expect(socket.writableLength).toBeLessThanOrEqual(1000)
})

interface Recorded extends Member {
  /** The offsets of each write. */
  readonly writes: (number | undefined)[][]
  lost: number
}

function setUp() {
  const writeTurn = createWriteTurn()
  const hub = createHub(writeTurn)
  return {
    hub,
    join(channel: string, position: { offset: number; epoch: string } | null = null): Recorded {
      const socket = new PassThrough()
      const member: Recorded = {
        outbox: new Outbox({ out: socket, encode: null }, writeTurn, roomy, () => {}),
        joinLeave: false,
        filter: null,
        deltas: false,
        writes: [],
        lost: 0,
        lostPosition: () => {
          member.lost += 1
          hub.leave(channel, member)
        },
      }
      socket.on('data', (written: Buffer) => member.writes.push(offsetsIn(written)))
      hub.join(channel, member, position, null)
      return member
    },
    leave: (channel: string, member: Member) => hub.leave(channel, member),
  }
}

function offsetsIn(frames: Buffer): (number | undefined)[] {
  const texts = frames.toString('latin1').match(/\{"push".*?\}\}\}/g) ?? []
  return texts.map((text) => (JSON.parse(text) as { push: { pub: { offset?: number } } }).push.pub.offset)
}

function publication(offset: number): Publication {
  return { offset, data: `${offset}`, tags: null, info: null, time: 0 }
}

/** Past the end of this turn of the event loop. */
async function turn(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise(setImmediate)
}
