import { expect, onTestFinished, test } from 'vitest'
import { createMemoryEphemeral, type MemoryEphemeralOptions } from './memory-ephemeral.ts'

let now = 0

test('a value is taken once, and only while it lives', async () => {
  const ephemeral = open()
  await ephemeral.put('a', 'one', 20)
  await ephemeral.put('b', 'two', 20)
  expect([await ephemeral.read('a'), await ephemeral.read('c')]).toEqual(['one', null])
  expect(await Promise.all([ephemeral.take('a'), ephemeral.take('a')])).toEqual(['one', null])
  now += 20
  expect(await ephemeral.read('b')).toBeNull()
  expect(await ephemeral.take('b')).toBeNull()
})

test('too many values are refused until some have ended', async () => {
  const ephemeral = open({ maxValues: 2 })
  await ephemeral.put('a', '1', 10)
  await ephemeral.put('b', '2', 20)
  await expect(ephemeral.put('c', '3', 20)).rejects.toMatchObject({ code: 'full' })
  now += 10
  await ephemeral.put('c', '3', 20)
  expect(await ephemeral.take('c')).toBe('3')
})

test('events are counted in windows that begin with the first one', async () => {
  const ephemeral = open()
  expect(await ephemeral.count('a', 100)).toEqual({ count: 1, endsInMs: 100 })
  now += 60
  expect(await ephemeral.count('a', 100)).toEqual({ count: 2, endsInMs: 40 })
  now += 40
  expect(await ephemeral.count('a', 100)).toEqual({ count: 1, endsInMs: 100 })
  await ephemeral.forget('a')
  expect(await ephemeral.count('a', 100)).toEqual({ count: 1, endsInMs: 100 })
})

test('a clock that was put back begins the window anew', async () => {
  const ephemeral = open()
  now += 1_000_000
  await ephemeral.count('a', 100)
  now -= 1_000_000
  expect(await ephemeral.count('a', 100)).toEqual({ count: 1, endsInMs: 100 })
})

test('of too many counters the oldest is forgotten', async () => {
  const ephemeral = open({ maxCounters: 2 })
  for (const key of ['a', 'b', 'c']) await ephemeral.count(key, 100)
  expect((await ephemeral.count('c', 100)).count).toBe(2)
  expect((await ephemeral.count('a', 100)).count).toBe(1)
})

function open(options: MemoryEphemeralOptions = {}) {
  const ephemeral = createMemoryEphemeral({ clock: () => now, ...options })
  onTestFinished(() => ephemeral[Symbol.asyncDispose]())
  return ephemeral
}
