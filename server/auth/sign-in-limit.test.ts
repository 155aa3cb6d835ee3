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
  const limit = createSignInLimit({ perAccountAndAddress: 2, perAddress: 100, perAccount: 100 }, counters)
  await limit.take('ada@example.org', '192.0.2.7')
  await limit.take('Ada@Example.org', '192.0.2.7')
  await expect(limit.take('ada@example.org', '192.0.2.7')).rejects.toMatchObject({ code: 'rate_limited' })
  await limit.take('x'.repeat(100_000), '192.0.2.7')
  await limit.clear('ADA@example.org', '192.0.2.7')
  await limit.take('ada@example.org', '192.0.2.7')
  expect(names.join(' ')).not.toMatch(/ada|example/i)
  for (const name of names) expect(name.length).toBeLessThan(200)
})
