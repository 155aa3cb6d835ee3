import { expect, test, vi } from 'vitest'
import { BrokerError } from '#server/broker/broker-error.ts'
import { EphemeralError } from '#server/store/ephemeral.ts'
import { createPair } from './peer-fixture.ts'

type Here = Record<string, never>
type There = {
  double(n: number): Promise<number>
  say(word: string): void
  fail(kind: string): never
  never(): Promise<void>
}

function createTalk(options: Parameters<typeof createPair>[0] = {}) {
  const pair = createPair<Here, There>(options)
  const said: string[] = []
  pair.b.serve({
    double: async (n) => n * 2,
    say: (word) => void said.push(word),
    fail(kind) {
      if (kind === 'broker') throw new BrokerError('full', 'too much')
      if (kind === 'ephemeral') throw new EphemeralError('unavailable', 'away')
      throw Object.assign(new TypeError('no such thing'), { code: 'E_NONE' })
    },
    never: () => new Promise(() => {}),
  })
  return { ...pair, said }
}

test('a call is answered, each with its own answer', async () => {
  const { a } = createTalk()
  expect(await Promise.all([a.call('double', [1]), a.call('double', [2])])).toEqual([2, 4])
})

test('what is said in one turn travels together and is done in order', async () => {
  const { a, said, messages } = createTalk()
  for (const word of ['one', 'two', 'three']) a.note('say', word)
  await a.call('double', [1])
  expect(said).toEqual(['one', 'two', 'three'])
  expect(messages.map((frames) => frames.length)).toEqual([4, 1])
})

test('errors keep what callers tell them apart by', async () => {
  const { a } = createTalk()
  const errors = await Promise.all(
    ['broker', 'ephemeral', 'other'].map((kind) => a.call('fail', [kind]).catch((error: unknown) => error)),
  )
  expect(errors[0]).toBeInstanceOf(BrokerError)
  expect(errors[1]).toBeInstanceOf(EphemeralError)
  expect(errors).toEqual([
    expect.objectContaining({ code: 'full', message: 'too much' }),
    expect.objectContaining({ code: 'unavailable', message: 'away' }),
    expect.objectContaining({ name: 'TypeError', code: 'E_NONE', message: 'no such thing' }),
  ])
})

test('a note that fails is told where it failed', async () => {
  const { a, errors } = createTalk()
  a.note('fail', 'broker')
  await vi.waitFor(() => expect(errors).toEqual([expect.objectContaining({ code: 'full' })]))
})

test('an answer is not waited for longer than said, and comes to nobody then', async () => {
  const { a, hold, release } = createTalk()
  hold()
  await expect(a.call('double', [1], 10)).rejects.toMatchObject({ code: 'timeout' })
  release()
  expect(await a.call('double', [2])).toBe(4)
})

test('when too many calls wait, the next one is refused at once', async () => {
  const { a } = createTalk({ maxCalls: 2 })
  const waiting = [a.call('never', []), a.call('never', [])]
  await expect(a.call('double', [1])).rejects.toMatchObject({ code: 'full' })
  a[Symbol.dispose]()
  for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'closed' })
})

test('when too much waits to be handed over, calls are refused until it has been', async () => {
  const { a, hold, release } = createTalk({ maxCalledBytes: 1_000 })
  hold()
  a.note('say', 'x'.repeat(1_000))
  await expect(a.call('double', [1])).rejects.toMatchObject({ code: 'full' })
  await vi.waitFor(async () => {
    release()
    expect(await a.call('double', [1])).toBe(2)
  })
})

test('once the other side has gone every call is refused', async () => {
  const { a } = createTalk()
  a[Symbol.dispose]()
  await expect(a.call('double', [1])).rejects.toMatchObject({ code: 'closed' })
})

test('offers to one that does not read are refused until it has caught up, and it is told so once', async () => {
  const onCaughtUp = vi.fn()
  const { a, said, hold, release } = createTalk({ maxOfferedBytes: 1_000, onCaughtUp })
  hold()
  const taken = Array.from({ length: 100 }, (_, n) => a.offer('say', `${n}`.padStart(50))).filter((isTaken) => isTaken)
  expect(taken.length).toBeGreaterThan(0)
  expect(taken.length).toBeLessThan(20)
  // Between two turns nothing is handed over yet.
  await new Promise((resolve) => setImmediate(resolve))
  expect(a.offer('say', 'late')).toBe(false)
  expect(onCaughtUp).not.toHaveBeenCalled()
  release()
  expect(onCaughtUp).toHaveBeenCalledTimes(1)
  expect(said).toHaveLength(taken.length)
  expect(a.offer('say', 'in time')).toBe(true)
  await vi.waitFor(() => expect(said.at(-1)).toBe('in time'))
})
