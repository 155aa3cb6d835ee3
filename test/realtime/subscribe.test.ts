import type { JoinContext, UnsubscribedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { openRaw, type RawClient } from '../support/raw-client.ts'
import { device, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')
const ola = person('ola', 'operator')

test('a publication reaches every subscriber with its offset and who published it', async () => {
  const rig = await startRealtime()
  const operator = await connected(sdk(rig.url, { token: rig.identities.token(ola) }))
  const viewer = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const [own, other] = [await follow(operator, 'news:a'), await follow(viewer, 'news:a')]
  await operator.publish('news:a', { title: 'Lunch' })
  await expect.poll(() => [own.publications.length, other.publications.length]).toEqual([1, 1])
  for (const { publications } of [own, other]) {
    expect(publications[0]).toMatchObject({
      data: { title: 'Lunch' },
      offset: 1,
      info: { user: 'ola', client: expect.any(String), connInfo: { name: 'ola', role: 'operator' } },
    })
  }
})

test('a publication of the server carries tags and no client', async () => {
  const rig = await startRealtime()
  const { publications } = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'news:a')
  const by = { kind: 'local', userId: 'local', name: 'test', role: 'admin' } as const
  await rig.realtime.publish(by, { channel: 'news:a', data: null, tags: { floor: '2' } })
  await expect.poll(() => publications).toMatchObject([{ data: null, tags: { floor: '2' } }])
  expect(publications[0]?.info).toBeUndefined()
})

test('what a publication with skipped history says is heard and not kept', async () => {
  const rig = await startRealtime()
  const { subscription, publications } = await follow(
    await connected(sdk(rig.url, { token: rig.identities.token(ada) })),
    'news:a',
  )
  const by = { kind: 'local', userId: 'local', name: 'test', role: 'admin' } as const
  await rig.realtime.publish(by, { channel: 'news:a', data: 'passing', skipHistory: true })
  await rig.publish('news:a', 'kept')
  await expect
    .poll(() => publications.map(({ data, offset }) => [data, offset]))
    .toEqual([
      ['passing', undefined],
      ['kept', 1],
    ])
  expect((await subscription.history({ limit: 10 })).publications).toHaveLength(1)
})

test('a viewer may not publish in news, and nobody subscribe outside every namespace', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  await expect(client.publish('news:a', 1)).rejects.toMatchObject({
    code: 103,
    message: expect.stringMatching(/may not publish/),
  })
  await expect(client.publish('weather:a', 1)).rejects.toMatchObject({
    code: 102,
    message: expect.stringMatching(/weather/),
  })
  const refusal = async (channel: string) => {
    const subscription = client.newSubscription(channel)
    const unsubscribed = nextEvent<UnsubscribedContext>(subscription, 'unsubscribed')
    subscription.subscribe()
    return (await unsubscribed).code
  }
  expect(await refusal('weather:a')).toBe(102)
  expect(await refusal('lobby')).toBe(102)
  expect(await refusal('commands:box-1')).toBe(103)
  expect(await refusal('$news:a')).toBe(103)
  expect(await refusal('news:with space')).toBe(107)
  expect(await refusal('news:a/b')).toBe(107)
})

test('a device subscribes to the channel that carries its name and to no other', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(device('box-1')) }))
  const { data } = await follow(client, 'commands:box-1')
  await rig.publish('commands:box-1', { show: 1 })
  await expect.poll(() => data).toEqual([{ show: 1 }])
  const other = client.newSubscription('commands:box-2')
  const refused = nextEvent<UnsubscribedContext>(other, 'unsubscribed')
  other.subscribe()
  expect(await refused).toMatchObject({ code: 103 })
})

test('a personal channel is for its user alone, and keeps what comes while that is away', async () => {
  const rig = await startRealtime()
  await rig.publish('#ada', 'while away')
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, '#ada')
  expect((await subscription.history({ limit: 10 })).publications).toMatchObject([{ data: 'while away', offset: 1 }])
  await rig.publish('#ada', 'now')
  await expect.poll(() => data).toEqual(['now'])
  const raw = await rawClient(rig, ola)
  raw.send({ subscribe: { channel: '#ada' }, id: 2 })
  expect((await raw.reply(2)).error?.code).toBe(103)
})

test('presence tells who is there, by client, and users once', async () => {
  const rig = await startRealtime()
  const first = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const second = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription } = await follow(first, 'news:a')
  await follow(second, 'news:a')
  expect(await subscription.presenceStats()).toMatchObject({ numClients: 2, numUsers: 1 })
  second.disconnect()
  await expect
    .poll(async () => Object.values((await subscription.presence()).clients))
    .toMatchObject([{ user: 'ada', connInfo: { name: 'ada', role: 'viewer' } }])
  await expect(first.presence('open:a')).rejects.toMatchObject({ code: 108 })
  await expect(first.presence('commands:a')).rejects.toMatchObject({ code: 103 })
})

test('joins and leaves come to who asked for them: its own join, and not its own leave', async () => {
  const rig = await startRealtime()
  const client = sdk(rig.url, { token: rig.identities.token(ada) })
  await connected(client)
  const subscription = client.newSubscription('talk:a', { joinLeave: true })
  const seen: string[] = []
  subscription.on('join', ({ info }) => void seen.push(`+${info.user}`))
  subscription.on('leave', ({ info }) => void seen.push(`-${info.user}`))
  const joined = nextEvent<JoinContext>(subscription, 'join')
  subscription.subscribe()
  await joined
  const other = await connected(sdk(rig.url, { token: rig.identities.token(ola) }))
  const quiet = await rawClient(rig, person('eve'))
  quiet.send({ subscribe: { channel: 'talk:a' }, id: 2 })
  await quiet.reply(2)
  await follow(other, 'talk:a')
  other.disconnect()
  await expect.poll(() => seen).toEqual(['+ada', '+eve', '+ola', '-ola'])
  subscription.unsubscribe()
  expect(quiet.received.filter(({ push }) => push !== undefined)).toEqual([])
})

test('after an unsubscribe nothing of the channel comes, and unsubscribing again is fine', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig, ada)
  raw.send({ subscribe: { channel: 'news:a' }, id: 2 })
  await raw.reply(2)
  const publishing = Array.from({ length: 50 }, (_, n) => rig.publish('news:a', n))
  raw.send({ unsubscribe: { channel: 'news:a' }, id: 3 }, { unsubscribe: { channel: 'news:a' }, id: 4 })
  expect(await raw.reply(4)).toEqual({ id: 4, unsubscribe: {} })
  await Promise.all(publishing)
  await rig.publish('news:a', 'after')
  raw.send({ rpc: { method: 'none' }, id: 5 })
  await raw.reply(5)
  const unsubscribed = raw.received.findIndex(({ id }) => id === 3)
  expect(raw.received.slice(unsubscribed).filter(({ push }) => push !== undefined)).toEqual([])
})

test('subscribe and unsubscribe of one channel in one frame are carried out in their order', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig, ada)
  raw.send(
    { subscribe: { channel: 'news:a' }, id: 2 },
    { unsubscribe: { channel: 'news:a' }, id: 3 },
    { subscribe: { channel: 'news:a' }, id: 4 },
    { subscribe: { channel: 'news:a' }, id: 5 },
  )
  await raw.reply(5)
  expect(raw.received.map(({ id, error }) => [id, error?.code])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, undefined],
    [4, undefined],
    [5, 105],
  ])
  await rig.publish('news:a', 1)
  await raw.message(({ push }) => push?.pub?.offset === 1)
})

test('what is not offered is refused or not granted', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig, ada)
  raw.send(
    { subscribe: { channel: 'news:map', type: 1 }, id: 2 },
    { subscribe: { channel: 'open:tf', tf: { key: 'a', cmp: 'eq', val: 'b' } }, id: 3 },
    { subscribe: { channel: 'news:delta', delta: 'fossil', flag: 1 }, id: 4 },
    { publish: { channel: 'open:a', data: 1, type: 1, key: 'k' }, id: 5 },
    { sub_refresh: { channel: 'news:none', token: 'x' }, id: 7 },
    { rpc: { method: 'x' }, id: 8 },
    { history: { channel: 'open:a' }, id: 9 },
    { send: { data: 1 } },
    { rpc: { method: 'x' }, id: 10 },
  )
  await Promise.all([raw.reply(4), raw.reply(10)])
  const codes = [2, 3, 4, 5, 7, 8, 9].map((id) => raw.received.find((each) => each.id === id)?.error?.code)
  expect(codes).toEqual([108, 107, undefined, 108, 103, 108, 108])
  expect(raw.received.find(({ id }) => id === 4)?.subscribe).not.toHaveProperty('delta')
  const unknownDelta = await rawClient(rig, ada)
  unknownDelta.send({ subscribe: { channel: 'news:a', delta: 'zip' }, id: 2 })
  expect(await unknownDelta.closed).toMatchObject({ code: 3501 })
})

test('a client has at most so many channels', async () => {
  const rig = await startRealtime({ limits: { maxChannels: 2 } })
  const raw = await rawClient(rig, ada)
  raw.send(...[1, 2, 3].map((n) => ({ subscribe: { channel: `news:${n}` }, id: n + 1 })))
  expect((await raw.reply(4)).error?.code).toBe(106)
})

test('the publisher gets its own publication', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'open:a')
  await subscription.publish([1, { two: 'three' }])
  await expect.poll(() => data).toEqual([[1, { two: 'three' }]])
})

test('two subscribers cannot affect each other through a payload', async () => {
  const rig = await startRealtime()
  const one = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const two = await connected(sdk(rig.url, { token: rig.identities.token(ola) }))
  const first = await follow(one, 'open:a')
  const second = await follow(two, 'open:a')
  const original = { list: [1, 2] }
  first.subscription.on('publication', ({ data }) => void data.list.push('changed'))
  const by = { kind: 'local', userId: 'local', name: 'test', role: 'admin' } as const
  const publishing = rig.realtime.publish(by, { channel: 'open:a', data: original })
  original.list.push(3)
  await publishing
  await expect.poll(() => second.data).toEqual([{ list: [1, 2] }])
  expect(first.data).toEqual([{ list: [1, 2, 'changed'] }])
})

test('newlines, quotes and any JSON value pass through as they are', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'open:a')
  const values = [
    'line\nbreak "quoted" \u2028 🔔',
    0,
    false,
    null,
    [],
    {},
    JSON.parse('{"__proto__":1,"":{"a":[null]}}'),
  ]
  for (const value of values) await subscription.publish(value)
  await expect.poll(() => data.length).toBe(values.length)
  expect(data).toEqual(values)
})

test('active channels are told, busiest first', async () => {
  const rig = await startRealtime()
  const one = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const two = await connected(sdk(rig.url, { token: rig.identities.token(ola) }))
  await follow(one, 'open:quiet')
  await follow(one, 'news:busy')
  await follow(two, 'news:busy')
  expect(await rig.realtime.activeChannels()).toEqual([
    { channel: 'news:busy', clients: 2 },
    { channel: 'open:quiet', clients: 1 },
  ])
})

async function rawClient(rig: RealtimeRig, identity: Parameters<typeof rig.identities.token>[0]): Promise<RawClient> {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(identity) }, id: 1 })
  await raw.reply(1)
  return raw
}
