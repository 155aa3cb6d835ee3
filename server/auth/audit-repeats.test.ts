import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AuditView } from '#protocol/audit.ts'
import { startAuth } from './auth-fixture.ts'
import { onBehalfOf } from './origin.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

type Server = Awaited<ReturnType<typeof startAuth>>

const refuse = ({ auth }: Server, address: string, name: string) =>
  onBehalfOf({ address, requestId: '', userAgent: '' }, () =>
    auth.audit.record({
      ...{ action: 'sign_in', outcome: 'refused', code: 'wrong_credentials' },
      target: { kind: 'unknown', id: '', name },
    }),
  )

async function entries({ auth }: Server): Promise<readonly AuditView[]> {
  return (await auth.audit.list({ action: 'sign_in' }, { limit: 1_000, cursor: null })).items.toReversed()
}

test('the same refusal is written once, and once more with how often it came again', async () => {
  await using server = await startAuth()
  for (let n = 0; n < 500; n++) await refuse(server, '192.0.2.7', 'ada@example.org')
  expect(await entries(server)).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(60_000)
  await vi.waitFor(async () => expect(await entries(server)).toHaveLength(2))
  const [first, again] = await entries(server)
  expect(first?.details).toEqual({})
  expect(again).toMatchObject({ target: first?.target, address: '192.0.2.7', details: { repeats: '499' } })
  await refuse(server, '192.0.2.7', 'ada@example.org')
  expect(await entries(server)).toHaveLength(3)
})

test('what is done is written each time', async () => {
  await using server = await startAuth()
  for (let n = 0; n < 50; n++) await server.auth.audit.record({ action: 'sign_in' })
  expect(await entries(server)).toHaveLength(50)
})

test('an address that tries many names fills a few lines, and hides nobody else', async () => {
  await using server = await startAuth()
  for (let n = 0; n < 100; n++) await refuse(server, '192.0.2.7', `u${n}@example.org`)
  await refuse(server, '198.51.100.1', 'ada@example.org')
  expect(await entries(server)).toHaveLength(21)
  await vi.advanceTimersByTimeAsync(60_000)
  await vi.waitFor(async () => expect(await entries(server)).toHaveLength(22))
  expect((await entries(server)).at(-1)).toMatchObject({
    ...{ address: '192.0.2.7', target: null, details: { repeats: '80', several: expect.any(String) } },
  })
})

test('many addresses that try many names fill the disk no faster than the bound', async () => {
  await using server = await startAuth()
  const storm = async (minute: number) => {
    for (let n = 0; n < 2_000; n++) await refuse(server, `10.${minute}.${n >> 8}.${n & 255}`, `u${n}@example.org`)
    await vi.advanceTimersByTimeAsync(60_000)
  }
  await storm(0)
  await vi.waitFor(async () => expect(await entries(server)).toHaveLength(301))
  await storm(1)
  await vi.waitFor(async () => expect(await entries(server)).toHaveLength(322))
  const told = await entries(server)
  expect(told.at(-1)).toMatchObject({ address: '', target: null, details: { repeats: '1980' } })
})

test('what was counted is written when the server stops', async () => {
  const before = await startAuth()
  for (let n = 0; n < 3; n++) await refuse(before, '192.0.2.7', 'ada@example.org')
  await before[Symbol.asyncDispose]()
  await using server = await startAuth({ path: before.path })
  expect((await entries(server)).map(({ details }) => details)).toEqual([{}, { repeats: '2' }])
})
