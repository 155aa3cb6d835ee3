import { expect, test } from 'vitest'
import { gather } from './gather.ts'

function gathering(refused: readonly string[] = []) {
  const sent: string[][] = []
  const give = gather<string>({
    ...{ maxCount: 3, maxBytes: 10, bytesOf: (text) => text.length, isOfOne: (error) => error instanceof RangeError },
    async send(items) {
      sent.push([...items])
      if (items.some((item) => item === 'away')) throw new Error('away')
      if (items.some((item) => refused.includes(item))) throw new RangeError('refused')
    },
  })
  return { sent, give }
}

test('what is given in one turn goes together, within the bounds of a batch', async () => {
  const { sent, give } = gathering()
  await Promise.all(['a', 'b', 'c', 'd', 'far too long a text', 'e'].map(give))
  expect(sent).toEqual([['a', 'b', 'c'], ['d'], ['far too long a text'], ['e']])
  await give('f')
  expect(sent.at(-1)).toEqual(['f'])
})

test('one that is refused is refused by itself', async () => {
  const { sent, give } = gathering(['b'])
  const settled = await Promise.allSettled(['a', 'b', 'c'].map(give))
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(sent).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']])
})

test('where the other side is away all fail at once', async () => {
  const { sent, give } = gathering()
  const settled = await Promise.allSettled(['a', 'away'].map(give))
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(sent).toEqual([['a', 'away']])
})
