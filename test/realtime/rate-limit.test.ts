import { expect, test } from 'vitest'
import { openRaw } from '../support/raw-client.ts'
import { person, type RealtimeRig, type RigOptions, startRealtime } from '../support/realtime-rig.ts'
import { connected, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')
const rpc = new Map([['echo', async ({ data }: { data: unknown }) => data]])
const echo = (id: number) => ({ rpc: { method: 'echo', data: id }, id })
const strict = { commandBurst: 5, commandsPerSecond: 1, commandDebt: 3 }

test('beyond its budget a client is refused for now, and taken again when time has passed', async () => {
  let now = Date.now()
  const { raw } = await startRaw({ limits: strict, clock: () => now })
  raw.send(...[2, 3, 4, 5, 6, 7].map(echo))
  expect((await raw.reply(7)).error).toEqual({ code: 111, message: 'too many requests', temporary: true })
  expect((await raw.reply(6)).rpc).toEqual({ data: 6 })
  now += 2_500
  raw.send(echo(8), echo(9))
  expect((await raw.reply(8)).rpc).toEqual({ data: 8 })
  expect((await raw.reply(9)).error?.code).toBe(111)
})

test('an unsubscribe is never refused, and a message without an answer is passed over', async () => {
  const { raw } = await startRaw({ limits: strict, clock: () => 0 })
  raw.send({ subscribe: { channel: 'news:a' }, id: 2 }, ...[3, 4, 5, 6].map(echo))
  raw.send({ send: { data: 1 } }, { unsubscribe: { channel: 'news:a' }, id: 7 })
  expect(await raw.reply(7)).toEqual({ id: 7, unsubscribe: {} })
  expect(raw.received.filter(({ error }) => error)).toEqual([])
})

test('who goes on all the same is closed, also when it only answers pings that were never sent', async () => {
  for (const line of [echo(9), {}]) {
    const { raw } = await startRaw({ limits: strict, clock: () => 0 })
    raw.send(...Array(9).fill(line))
    expect(await raw.closed).toEqual({ code: 3013, reason: 'too many requests' })
  }
})

test('the SDK comes back after it was closed for asking too much', async () => {
  const rig = await startRealtime({ rpc, limits: strict })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const echoes = (count: number) => Array.from({ length: count }, (_, n) => client.rpc('echo', n))
  expect(await Promise.all(echoes(5))).toHaveLength(5)
  const connecting = nextEvent<{ code: number }>(client, 'connecting')
  const refused = await Promise.allSettled(echoes(7))
  expect(refused.map(({ status }) => status)).toEqual(Array(7).fill('rejected'))
  expect(await connecting).toMatchObject({ code: 3013 })
  await client.ready(10_000)
  expect(await client.rpc('echo', 'again')).toEqual({ data: 'again' })
})

test('a client that does nothing but wrong is closed for good, with the answers before it', async () => {
  const { raw } = await startRaw({ limits: { errorBurst: 3, errorsPerSecond: 1 }, clock: () => 0 })
  raw.send(...[2, 3, 4, 5].map((id) => ({ subscribe: { channel: 'commands:x' }, id })))
  expect(await raw.closed).toEqual({ code: 3509, reason: 'too many errors' })
  expect(raw.received.map(({ error }) => error?.code)).toEqual([undefined, 103, 103, 103, 103])
})

test('errors of the server and refusals for now are not held against a client', async () => {
  const { raw, rig } = await startRaw({ limits: { errorBurst: 1, errorsPerSecond: 1, ...strict }, clock: () => 0 })
  Object.assign(rig.broker, { history: () => Promise.reject(new Error('away')) })
  raw.send(...[2, 3, 4, 5, 6, 7, 8].map((id) => ({ subscribe: { channel: `news:${id}` }, id })))
  await raw.reply(8)
  await expect
    .poll(() => raw.received.map(({ error }) => error?.code).sort())
    .toEqual([100, 100, 100, 100, 100, 111, 111, undefined])
  expect(raw.socket.readyState).toBe(raw.socket.OPEN)
})

async function startRaw(options: RigOptions): Promise<{ raw: Awaited<ReturnType<typeof openRaw>>; rig: RealtimeRig }> {
  const rig = await startRealtime({ rpc, ...options })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  await raw.reply(1)
  return { raw, rig }
}
