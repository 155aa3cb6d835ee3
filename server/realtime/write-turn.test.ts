import { expect, test, vi } from 'vitest'
import { createMetrics } from '#server/metrics/metrics.ts'
import type { Outbox } from './outbox.ts'
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
  } as Outbox
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
  turn.before(() => turn.add({ flush() {} } as Outbox))
  await expect.poll(() => fannedOut.mock.calls.length).toBe(1)
})
