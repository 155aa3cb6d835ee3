import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { StreamPosition } from './hub.ts'
import { createPositionChecker } from './position-check.ts'

const at = (offset: number, epoch = 'e'): StreamPosition => ({ offset, epoch })

test('a channel that stays behind its stream or is ahead of it is lost, one at its top or without a position is not', async () => {
  const { check, lost } = setUp(
    { behind: at(3), other: at(5), there: at(5), ahead: at(6), none: null },
    { behind: at(5), other: at(5, 'f'), there: at(5), ahead: at(5), none: at(5) },
  )
  await check()
  expect(lost.toSorted()).toEqual(['ahead', 'behind', 'other'])
})

test('a loss is warned of; another epoch, in which nothing may have been lost, is not', async () => {
  const { check, logged } = setUp({ behind: at(3), other: at(5) }, { behind: at(5), other: at(5, 'f') })
  await check()
  expect(logged).toEqual([
    expect.objectContaining({ level: 40, channel: 'behind', msg: 'publications were lost on the way' }),
    expect.objectContaining({ level: 30, channel: 'other', msg: 'a stream goes on in another epoch' }),
  ])
})

test('a publication that is only late is waited for', async () => {
  const positions: Record<string, StreamPosition | null> = { a: at(3) }
  const { check, lost } = setUp(positions, { a: at(4) })
  const checking = check()
  await new Promise(setImmediate)
  positions.a = at(4)
  await checking
  expect(lost).toEqual([])
})

test('a channel that goes on while its stream is read is at its place', async () => {
  const positions: Record<string, StreamPosition | null> = { a: at(3) }
  const { check, lost } = setUp(positions, { a: at(3) }, () => {
    positions.a = at(4)
    return null
  })
  await check()
  expect(lost).toEqual([])
})

test('a broker that fails, does not answer or knows no stream costs nobody a place', async () => {
  const { check, lost } = setUp(
    { broken: at(1), silent: at(1), gone: at(1), behind: at(1) },
    { behind: at(2) },
    (channel) => {
      if (channel === 'broken') return Promise.reject(new Error('away'))
      return channel === 'silent' ? new Promise(() => {}) : null
    },
  )
  await check()
  expect(lost).toEqual(['behind'])
})

function setUp(
  positions: Record<string, StreamPosition | null>,
  tops: Record<string, StreamPosition>,
  instead: (channel: string) => Promise<StreamPosition | null> | null = () => null,
) {
  const lost: string[] = []
  const logged: unknown[] = []
  const checker = createPositionChecker({
    hub: {
      channels: () => Object.keys(positions).map((channel) => ({ channel, clients: 1 })),
      position: (channel) => positions[channel] ?? null,
      loseAll: (channel) => void lost.push(channel),
    },
    topOf: async (channel) => instead(channel) ?? tops[channel] ?? null,
    limits: { positionCheckMs: 1_000_000, positionGraceMs: 20, answerMs: 20 },
    log: pino({}, { write: (line) => void logged.push(JSON.parse(line)) }),
  })
  onTestFinished(() => checker[Symbol.dispose]())
  return { check: checker.check, lost, logged }
}
