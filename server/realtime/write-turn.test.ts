import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { createMetrics } from '#server/metrics/metrics.ts'
import { Outbox } from './outbox.ts'
import { createWriteTurn } from './write-turn.ts'

test('a long fan-out is timed to its last write, and once', async () => {
  using metrics = createMetrics()
  const times: number[] = []
  let writes = 0
  const turn = createWriteTurn({ counts: metrics.counts, fannedOut: () => void times.push(writes) })
  const outbox = {
    flush() {
      writes += 1
    },
  } as unknown as Outbox
  turn.before(() => {
    for (let n = 0; n < 1_200; n++) turn.add(outbox)
  })
  // Comes while that is being written, and does not make it longer.
  setImmediate(() => turn.before(() => turn.add(outbox)))
  await expect.poll(() => writes).toBe(1_201)
  expect(times).toEqual([1_201])
})

test('a fan-out that writes nothing is not timed, and does not stand in the way of the next', async () => {
  using metrics = createMetrics()
  const fannedOut = vi.fn()
  const turn = createWriteTurn({ counts: metrics.counts, fannedOut })
  const nothing = vi.fn()
  turn.before(nothing)
  await expect.poll(() => nothing.mock.calls.length).toBe(1)
  expect(fannedOut).not.toHaveBeenCalled()
  turn.before(() => turn.add({ flush() {} } as unknown as Outbox))
  await expect.poll(() => fannedOut.mock.calls.length).toBe(1)
})

test('what several sockets have behind each other is joined once for all of them, and each has its own order', async () => {
  const turn = createWriteTurn()
  const [a, b, c] = ['a', 'b', 'c'].map((letter) => Buffer.from(letter.repeat(20_000))) as [Buffer, Buffer, Buffer]
  const pushed = [[a, b], [a, b], [b, a], [a], [a, b, c], [a, b], [a, b]]
  const written = pushed.map((frames) => {
    const writes: Buffer[] = []
    const out = new PassThrough().on('data', (chunk: Buffer) => writes.push(chunk))
    const outbox = new Outbox({ out, encode: null }, turn, { outboxBytes: 1_000_000, writeMs: 1_000 }, () => {})
    for (const frame of frames) outbox.push(frame)
    return writes
  })
  await expect.poll(() => written.every((writes) => writes.length === 1)).toBe(true)
  expect(written.flat()).toEqual(pushed.map((frames) => Buffer.concat(frames)))
  expect(written[1]?.[0]).toBe(written[0]?.[0])
  expect(written[3]?.[0]).toBe(a)
  expect(written[6]?.[0]).toBe(written[5]?.[0])
})
