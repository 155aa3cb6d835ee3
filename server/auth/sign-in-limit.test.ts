import { expect, test } from 'vitest'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { createSignInLimit } from './sign-in-limit.ts'

test('attempts are counted by account, however it is written, and nobody reads its address in the counters', async () => {
  const names: string[] = []
  const ephemeral = createMemoryEphemeral()
  const counters = {
    ...ephemeral,
    count(key: string, windowMs: number) {
      names.push(key)
      return ephemeral.count(key, windowMs)
    },
  }
  const locked: string[] = []
  const limit = createSignInLimit({
    ...{ counters, limits: { attempts: 2, windowMs: 900_000, maxLockMs: 900_000, perAddress: 100 }, clock: Date.now },
    knownDevices: { of: async () => null },
    onLock: async (email) => void locked.push(email),
  })
  const from = { address: '192.0.2.7', cookie: null }
  await (await limit.take('ada@example.org', from)).failed()
  await (await limit.take('Ada@Example.org', from)).failed()
  await expect(limit.take('ada@example.org', from)).rejects.toMatchObject({ code: 'rate_limited' })
  expect(locked).toEqual(['Ada@Example.org'])
  await limit.take('x'.repeat(100_000), from)
  await limit.unlock('ADA@example.org')
  await limit.take('ada@example.org', from)
  expect(names.join(' ')).not.toMatch(/ada|example/i)
  for (const name of names) expect(name.length).toBeLessThan(200)
})
