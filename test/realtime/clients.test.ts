import { expect, test } from 'vitest'
import type { Seen, WatchTarget } from '#server/realtime/tap.ts'
import { describeWith } from '../support/needs.ts'
import { connectTo, openRaw } from '../support/raw-client.ts'
import { device, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { startRedis } from '../support/redis.ts'

const ada = person('ada')
const bob = person('bob', 'operator')

test('clients are listed page by page, the longest connected first', async () => {
  const rig = await startRealtime()
  const { clients } = rig.realtime
  for (let n = 0; n < 7; n++) await connectTo(rig, person(`p-${n}`))
  await openRaw(rig.url)
  const names: string[] = []
  for (let page = await clients.list({ limit: 3 }); ; ) {
    names.push(...page.clients.map(({ name }) => name))
    const last = page.clients.at(-1)
    if (page.isLast || !last) break
    page = await clients.list({ limit: 3, after: last })
  }
  expect(names).toEqual(['p-0', 'p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6'])
})

test('those who came in the same millisecond are each listed once', async () => {
  const rig = await startRealtime({ clock: () => 1_700_000_000_000 })
  const { clients } = rig.realtime
  for (let n = 0; n < 10; n++) await connectTo(rig, person(`p-${n}`))
  const names = new Set<string>()
  for (let page = await clients.list({ limit: 3 }); ; ) {
    for (const { name } of page.clients) {
      expect(names.has(name)).toBe(false)
      names.add(name)
    }
    const last = page.clients.at(-1)
    if (page.isLast || !last) break
    page = await clients.list({ limit: 3, after: last })
  }
  expect(names.size).toBe(10)
})

test('clients are found by name, user, address or id, with what they are doing', async () => {
  const rig = await startRealtime({ address: '2001:db8::7' })
  const { clients } = rig.realtime
  const raw = await connectTo(rig, device('lobby-1'))
  await connectTo(rig, ada)
  raw.send({ id: 2, subscribe: { channel: 'news:general' } })
  await raw.reply(2)
  const [lobby] = (await clients.list({ search: 'LOBBY', limit: 10 })).clients
  expect(lobby).toMatchObject({
    user: 'device-lobby-1',
    name: 'lobby-1',
    kind: 'device',
    role: 'device',
    transport: 'websocket',
    address: '2001:db8::7',
    channels: 1,
  })
  expect(await clients.find(lobby?.id ?? '')).toEqual({ ...lobby, channelNames: ['news:general'] })
  expect((await clients.list({ search: '2001:db8::7', limit: 10 })).clients).toHaveLength(2)
  expect((await clients.list({ search: 'grace', limit: 10 })).clients).toEqual([])
})

test('of the channels of a client the first hundred are named', async () => {
  const rig = await startRealtime()
  const { clients } = rig.realtime
  const raw = await connectTo(rig, ada)
  for (let n = 0; n < 101; n++) {
    raw.send({ id: n + 2, subscribe: { channel: `news:room-${n}` } })
    await raw.reply(n + 2)
  }
  const [one] = (await clients.list({ limit: 10 })).clients
  const names = Array.from({ length: 100 }, (_, n) => `news:room-${n}`)
  expect(await clients.find(one?.id ?? '')).toMatchObject({ channels: 101, channelNames: names })
})

test('what a client says and is told can be watched, without what opens doors', async () => {
  const rig = await startRealtime()
  const raw = await connectTo(rig, ada)
  const { clients } = await rig.realtime.clients.list({ limit: 1 })
  await using watch = watching(rig, { kind: 'client', id: clients[0]?.id ?? '' })
  await watch.begun
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: 'open:a' }, null)
  raw.send({ id: 2, subscribe: { channel: 'open:a', token } }, { id: 3, rpc: { data: 'tkt_hunter2' } })
  await Promise.all([raw.reply(2), raw.reply(3)])
  await rig.publish('open:a', { word: 'bell', ticket: 'tkt_hunter2' })
  await expect.poll(() => watch.texts('out')).toHaveLength(3)
  expect(watch.texts('in')).toEqual([
    '{"id":2,"subscribe":{"channel":"open:a","token":"(left out)"}}',
    '{"id":3,"rpc":{"data":"(left out)"}}',
  ])
  expect(watch.texts('out')).toEqual([
    '{"id":3,"error":{"code":108,"message":"not available"}}',
    '{"id":2,"subscribe":{}}',
    '{"push":{"channel":"open:a","pub":{"data":{"word":"bell","ticket":"(left out)"}}}}',
  ])
})

test('all clients of a user are watched, those that come later among them, and nobody else', async () => {
  const rig = await startRealtime()
  const [first, other] = [await connectTo(rig, ada), await connectTo(rig, bob)]
  await using watch = watching(rig, { kind: 'user', id: 'ada' })
  await watch.begun
  const second = await connectTo(rig, ada)
  for (const [index, raw] of [first, other, second].entries()) {
    raw.send({ id: 9, history: { channel: `open:${index}` } })
    await raw.reply(9)
  }
  await expect.poll(() => watch.texts('in').map((text) => /open:\d/.exec(text)?.[0])).toEqual(['open:0', 'open:2'])
  // The reply to the connect command is seen, the command is not: it is before anybody knew who came.
  expect(watch.texts('out').filter((text) => text.includes('"connect"'))).toHaveLength(1)
  expect(watch.seen.at(-1)?.clients).toBe(2)
})

test('what comes too fast is counted, and nothing is copied when nobody watches', async () => {
  const rig = await startRealtime()
  const raw = await connectTo(rig, ada)
  raw.send({ id: 2, subscribe: { channel: 'open:a' } })
  await raw.reply(2)
  const watch = watching(rig, { kind: 'user', id: 'ada' })
  await watch.begun
  for (let n = 0; n < 1_000; n++) await rig.publish('open:a', n)
  const count = () => watch.seen.reduce((sum, { frames, dropped }) => sum + frames.length + dropped, 0)
  await expect.poll(count).toBe(1_000)
  expect(watch.seen.every(({ frames }) => frames.length <= 200)).toBe(true)
  await watch[Symbol.asyncDispose]()
  const before = count()
  await rig.publish('open:a', 'later')
  await raw.message(({ push }) => push?.pub?.data === 'later')
  expect(count()).toBe(before)
})

describeWith(['redis'], 'with two nodes', () => {
  test('clients of both are listed and watched at either', async () => {
    await using redis = await startRedis()
    const rigs = [await startRealtime({ redisUrl: redis.url }), await startRealtime({ redisUrl: redis.url })]
    const [one, other] = rigs as [RealtimeRig, RealtimeRig]
    const raws = [await connectTo(one, ada), await connectTo(other, ada), await connectTo(other, bob)]
    const { clients, isLast } = await one.realtime.clients.list({ limit: 2 })
    expect({ names: clients.map(({ name }) => name), isLast }).toEqual({ names: ['ada', 'ada'], isLast: false })
    expect(new Set(clients.map(({ node }) => node)).size).toBe(2)
    await using watch = watching(one, { kind: 'user', id: 'ada' })
    await watch.begun
    for (const raw of raws) {
      raw.send({ id: 9, history: { channel: 'open:a' } })
      await raw.reply(9)
    }
    await expect.poll(() => watch.texts('in')).toHaveLength(2)
    expect(watch.seen.at(-1)?.clients).toBe(2)
    // The nodes leave Redis before it goes.
    for (const rig of rigs) await rig.stop()
  })
})

function watching(rig: RealtimeRig, target: WatchTarget) {
  const abort = new AbortController()
  const seen: Seen[] = []
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const done = (async () => {
    for await (const each of rig.realtime.clients.watch(target, abort.signal)) {
      seen.push(each)
      resolve()
    }
  })()
  return {
    seen,
    begun,
    texts: (direction: 'in' | 'out') =>
      seen.flatMap(({ frames }) => frames.filter((each) => each.direction === direction).map(({ text }) => text)),
    async [Symbol.asyncDispose]() {
      abort.abort()
      await done
    },
  }
}
