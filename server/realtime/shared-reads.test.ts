import { expect, test } from 'vitest'
import type { HistoryPage } from '#server/broker/broker.ts'
import { createSharedReads } from './shared-reads.ts'

const policy = { size: 10, ttlSeconds: 60 }

test('whoever asks while a read is under way shares the next one, which begins after', async () => {
  const { read, begun, answer } = setUp()
  const first = read('a')
  const others = [read('a'), read('a'), read('a')]
  expect(begun).toEqual(['a'])
  answer(1)
  expect((await first).offset).toBe(1)
  await expect.poll(() => begun).toEqual(['a', 'a'])
  const late = read('a')
  answer(2)
  expect((await Promise.all(others)).map(({ offset }) => offset)).toEqual([2, 2, 2])
  await expect.poll(() => begun).toHaveLength(3)
  answer(3)
  expect((await late).offset).toBe(3)
  read('a')
  expect(begun).toHaveLength(4)
})

test('other questions do not wait, and a failure is that of those who share it', async () => {
  const { read, begun, fail, answer } = setUp()
  const [first, other] = [read('a'), read('a', 5)]
  expect(begun).toHaveLength(2)
  const shared = read('a')
  fail()
  await expect(first).rejects.toThrow('away')
  answer(2)
  expect((await other).offset).toBe(2)
  await expect.poll(() => begun).toHaveLength(3)
  answer(3)
  expect((await shared).offset).toBe(3)
})

function setUp() {
  const begun: string[] = []
  const waiting: PromiseWithResolvers<HistoryPage>[] = []
  const history = createSharedReads({
    history(channel) {
      begun.push(channel)
      const page = Promise.withResolvers<HistoryPage>()
      waiting.push(page)
      return page.promise
    },
  })
  return {
    begun,
    read: (channel: string, limit = 0) => history(channel, policy, { limit }),
    answer: (offset: number) => waiting.shift()?.resolve({ publications: [], offset, epoch: 'e' }),
    fail: () => waiting.shift()?.reject(new Error('away')),
  }
}
