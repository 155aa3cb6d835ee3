import { expect, test } from 'vitest'
import { follow, type StateSource } from './bridge-state.ts'

function source(): StateSource<string> & { answer(state: string): Promise<void>; tell(state: string): void } {
  const { promise, resolve } = Promise.withResolvers<string>()
  let listener: ((state: string) => void) | null = null
  return {
    state: () => promise,
    onState: (added) => {
      listener = added
      return () => {
        listener = null
      }
    },
    answer: async (state) => {
      resolve(state)
      await promise
    },
    tell: (state) => listener?.(state),
  }
}

test('the first answer is the state until main tells another', async () => {
  const main = source()
  const seen: string[] = []
  follow(main, (state) => seen.push(state))
  await main.answer('starting')
  main.tell('signed-in')
  expect(seen).toEqual(['starting', 'signed-in'])
})

test('an answer that comes after news is older than the news and is dropped', async () => {
  const main = source()
  const seen: string[] = []
  follow(main, (state) => seen.push(state))
  main.tell('signed-in')
  await main.answer('starting')
  expect(seen).toEqual(['signed-in'])
})

test('a window that is gone hears nothing more', async () => {
  const main = source()
  const seen: string[] = []
  const stop = follow(main, (state) => seen.push(state))
  stop()
  main.tell('signed-in')
  await main.answer('starting')
  expect(seen).toEqual([])
})
