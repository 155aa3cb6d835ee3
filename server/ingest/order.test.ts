import { expect, test } from 'vitest'
import { createOrder } from './order.ts'

function deferred() {
  return Promise.withResolvers<string>()
}

test('where nothing can overtake, all are on their way at once', () => {
  const begun: string[] = []
  const inOrder = createOrder(() => false)
  for (const name of ['a', 'b']) {
    void inOrder('news:x', () => {
      begun.push(name)
      return deferred().promise
    })
  }
  expect(begun).toEqual(['a', 'b'])
})

test('where one could, each waits for the one before it in its channel, and in no other', async () => {
  const begun: string[] = []
  const inOrder = createOrder(() => true)
  const first = deferred()
  const work = (name: string, promise: Promise<string>) => () => {
    begun.push(name)
    return promise
  }
  const one = inOrder('news:x', work('x1', first.promise))
  const two = inOrder('news:x', work('x2', Promise.resolve('two')))
  const other = inOrder('news:y', work('y1', Promise.resolve('other')))
  expect(await other).toBe('other')
  expect(begun).toEqual(['x1', 'y1'])
  first.reject(new Error('on purpose'))
  await expect(one).rejects.toThrow('on purpose')
  expect(await two).toBe('two')
})

test('what waits goes first, also when nothing can overtake any more', async () => {
  let mayOvertake = true
  const begun: string[] = []
  const inOrder = createOrder(() => mayOvertake)
  const first = deferred()
  void inOrder('news:x', () => first.promise)
  mayOvertake = false
  const second = inOrder('news:x', async () => void begun.push('second'))
  expect(begun).toEqual([])
  first.resolve('')
  await second
  expect(begun).toEqual(['second'])
})
