import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createWatch } from './watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Subject {
  readonly name: string
  readonly softLimit: number
  readonly hardLimit: number
}

function watching() {
  const told: string[] = []
  const watch = createWatch<Subject>({
    limitsOf: (subject) => subject,
    onSoft: ({ name }) => told.push(`${name} soft`),
    onHard: ({ name }) => told.push(`${name} hard`),
  })
  return { watch, told }
}

const small = { softLimit: 1, hardLimit: 2 }

test('what is under way is told its soft limit and then its hard one, once each', () => {
  const { watch, told } = watching()
  watch.set({ name: 'a', ...small })
  vi.advanceTimersByTime(990)
  expect(told).toEqual([])
  vi.advanceTimersByTime(20)
  expect(told).toEqual(['a soft'])
  vi.advanceTimersByTime(980)
  expect(told).toEqual(['a soft'])
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['a soft', 'a hard'])
})

test('the time of the next begins with it, whatever those before it had left', () => {
  const { watch, told } = watching()
  for (const name of ['a', 'b', 'c']) {
    const subject = { name, ...small }
    watch.set(subject)
    vi.advanceTimersByTime(600)
    // It was so already.
    watch.set(subject)
    vi.advanceTimersByTime(300)
  }
  expect(told).toEqual([])
  watch.set({ name: 'd', softLimit: 0.1, hardLimit: 0.2 })
  vi.advanceTimersByTime(150)
  expect(told).toEqual(['d soft'])
  watch.set(null)
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['d soft'])
})

test('after its end nothing is told', () => {
  const { watch, told } = watching()
  watch.set({ name: 'a', ...small })
  watch.close()
  expect(vi.getTimerCount()).toBe(0)
  expect(told).toEqual([])
})
