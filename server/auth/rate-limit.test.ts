import { pino } from 'pino'
import { expect, test } from 'vitest'
import { EphemeralError } from '#server/store/ephemeral.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { createCounters } from './counters.ts'
import { createRateLimit } from './rate-limit.ts'

const minute = 60_000

test('so many attempts a minute are let through, and the next one says how long to wait', async () => {
  let now = minute
  const limit = createRateLimit('test', 2, createMemoryEphemeral({ clock: () => now }))
  expect([await limit.take('ada'), await limit.take('ada'), await limit.take('ada')]).toEqual([null, null, 60])
  expect(await limit.take('bo')).toBeNull()
  now += minute
  expect(await limit.take('ada')).toBeNull()
})

test('limits with the same key do not count for each other', async () => {
  const counters = createMemoryEphemeral()
  const [looks, requests] = [createRateLimit('looks', 1, counters), createRateLimit('requests', 1, counters)]
  await looks.take('ada')
  expect(await requests.take('ada')).toBeNull()
  expect(await looks.take('ada')).not.toBeNull()
})

test('while what the nodes share is away, attempts are counted here', async () => {
  const shared = createMemoryEphemeral()
  let isAway = false
  const refuse = () => Promise.reject(new EphemeralError('unavailable', 'away'))
  const counters = createCounters(
    {
      count: (key, windowMs) => (isAway ? refuse() : shared.count(key, windowMs)),
      put: refuse,
      read: refuse,
      forget: (key) => (isAway ? refuse() : shared.forget(key)),
    },
    Date.now,
    pino({ level: 'silent' }),
  )
  const limit = createRateLimit('test', 1, counters)
  await limit.take('ada')
  expect(await limit.take('ada')).toBe(60)
  isAway = true
  expect(await limit.take('ada')).toBeNull()
  expect(await limit.take('ada')).toBe(60)
  await counters.forget('limit:test:ada')
  expect(await limit.take('ada')).toBeNull()
  isAway = false
  expect(await limit.take('ada')).toBe(60)
})
