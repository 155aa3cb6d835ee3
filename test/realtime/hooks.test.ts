import { expect, test } from 'vitest'
import type { HookSet } from '#server/realtime/hooks.ts'
import { openRaw } from '../support/raw-client.ts'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')

test('what happens to a client is told in order, with who, where and why', async () => {
  const rig = await startRealtime({ limits: { offlineMs: 50 }, personalChannel: true })
  const told = record(rig)
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'news:a' }, id: 2 })
  const { client } = (await raw.reply(1)).connect as { client: string }
  await raw.reply(2)
  raw.send({ subscribe: { channel: 'open:a' }, id: 3 }, { unsubscribe: { channel: 'open:a' }, id: 4 })
  await raw.reply(4)
  await rig.realtime.steering.unsubscribe({ user: 'ada', channel: 'news:a' })
  await rig.realtime.steering.disconnect({ user: 'ada', code: 4100, reason: 'for now' })
  await raw.closed
  await expect.poll(() => told.at(-1)?.[0]).toBe('offline')
  const ofClient = told.filter(([, event]) => 'client' in event)
  expect(ofClient.map(([name, { channel, code, reason }]) => [name, channel, code, reason])).toEqual([
    ['connect', undefined, undefined, undefined],
    ['subscribe', '#ada', undefined, undefined],
    ['subscribe', 'news:a', undefined, undefined],
    ['subscribe', 'open:a', undefined, undefined],
    ['unsubscribe', 'open:a', 0, 'client unsubscribe'],
    ['unsubscribe', 'news:a', 2000, 'server unsubscribe'],
    ['unsubscribe', '#ada', 1, 'disconnect'],
    ['disconnect', undefined, 4100, 'for now'],
  ])
  for (const [, event] of ofClient) {
    expect(event).toMatchObject({ client, identity: ada, transport: 'websocket', time: expect.any(Number) })
  }
  expect(told.filter(([name]) => name === 'online' || name === 'offline')).toEqual([
    ['online', { user: 'ada', name: 'ada', device: null, time: expect.any(Number) }],
    ['offline', { user: 'ada', name: 'ada', device: null, time: expect.any(Number) }],
  ])
})

test('a client that goes by itself is told with its code, and one that was never let in is not told at all', async () => {
  const rig = await startRealtime()
  const told = record(rig)
  const refused = await openRaw(rig.url)
  refused.send({ connect: { token: 'forged' }, id: 1 })
  await refused.closed
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  await raw.reply(1)
  raw.socket.close(1000)
  await expect
    .poll(() => told.map(([name, { code }]) => [name, code]))
    .toEqual([
      ['online', undefined],
      ['connect', undefined],
      ['disconnect', 1000],
    ])
})

test('a hook decides who connects, and what they are told', async () => {
  const rig = await startRealtime()
  rig.realtime.hooks.on({
    async beforeConnect({ identity, data, transport }) {
      if (identity.userId === 'eve') return { allow: false, message: 'not today' }
      if (identity.userId === 'bob') return { allow: false, code: 451, message: 'not here' }
      if (identity.userId === 'zoe') throw new Error('a fault of its own')
      return { allow: true, data: { welcome: data, transport } }
    },
  })
  const answerTo = async (name: string) => {
    const raw = await openRaw(rig.url)
    raw.send({ connect: { token: rig.identities.token(person(name)), data: 'hi' }, id: 1 })
    return raw.reply(1)
  }
  expect((await answerTo('ada')).connect).toMatchObject({ data: { welcome: 'hi', transport: 'websocket' } })
  expect((await answerTo('eve')).error).toEqual({ code: 103, message: 'not today' })
  expect((await answerTo('bob')).error).toEqual({ code: 451, message: 'not here' })
  expect((await answerTo('zoe')).error).toMatchObject({ code: 100, temporary: true })
  expect(rig.realtime.isOnline('eve')).toBe(false)
})

test('a hook decides who subscribes, also to what is named when connecting', async () => {
  const rig = await startRealtime({ limits: { hookMs: 50 } })
  const asked: unknown[] = []
  rig.realtime.hooks.on({
    beforeSubscribe({ channel, data }) {
      asked.push([channel, data])
      if (channel === 'news:secret') return { allow: false, code: 470, message: 'not for you' }
      return channel === 'news:slow' ? new Promise(() => {}) : { allow: true, data: { of: channel } }
    },
  })
  const raw = await openRaw(rig.url)
  const subs = { 'news:a': {}, 'news:secret': {} }
  raw.send(
    { connect: { token: rig.identities.token(ada), subs }, id: 1 },
    { subscribe: { channel: 'news:b', data: { token: 1 } }, id: 2 },
    { subscribe: { channel: 'news:secret' }, id: 3 },
    { subscribe: { channel: 'news:slow' }, id: 4 },
    { subscribe: { channel: 'commands:box' }, id: 5 },
  )
  const granted = ((await raw.reply(1)).connect as { subs: Record<string, unknown> }).subs
  expect(granted).toEqual({ 'news:a': expect.objectContaining({ data: { of: 'news:a' } }) })
  expect((await raw.reply(2)).subscribe).toMatchObject({ recoverable: true, data: { of: 'news:b' } })
  expect((await raw.reply(3)).error).toEqual({ code: 470, message: 'not for you' })
  expect((await raw.reply(4)).error).toMatchObject({ code: 100, temporary: true })
  expect((await raw.reply(5)).error).toMatchObject({ code: 103 })
  expect(asked).toContainEqual(['news:b', { token: 1 }])
  expect(asked).not.toContainEqual(['commands:box', undefined])
  await rig.realtime.steering.subscribe({ user: 'ada', channel: 'news:secret' })
  await raw.message(({ push }) => push?.subscribe !== undefined && push.channel === 'news:secret')
})

test('while a hook decides about a client that goes, nothing of it is left behind', async () => {
  const rig = await startRealtime()
  const gate = Promise.withResolvers<void>()
  let asked = 0
  rig.realtime.hooks.on({
    async beforeSubscribe() {
      asked += 1
      await gate.promise
    },
  })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'news:a' }, id: 2 })
  await expect.poll(() => asked).toBe(1)
  raw.socket.terminate()
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  gate.resolve()
  const other = await openRaw(rig.url)
  other.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { presence: { channel: 'news:a' }, id: 2 })
  expect((await other.reply(2)).presence).toEqual({ presence: {} })
  expect(await rig.realtime.activeChannels()).toEqual([])
})

test('a hook decides what is published, over sockets and by the server, and may change it', async () => {
  const rig = await startRealtime()
  rig.realtime.hooks.on({
    beforePublish({ channel, data, client }) {
      const { text } = data as { text: string }
      if (text === 'spam') return { allow: false, code: 499, message: 'no advertising' }
      if (text === 'long') return { allow: true, data: 'x'.repeat(70_000) }
      return channel === 'open:a' ? { allow: true, data: { text: text.toUpperCase(), by: client !== null } } : undefined
    },
  })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const subscription = client.newSubscription('open:a')
  const subscribed = nextEvent(subscription, 'subscribed')
  subscription.subscribe()
  await subscribed
  const first = nextEvent<{ data: unknown }>(subscription, 'publication')
  await subscription.publish({ text: 'hello' })
  expect((await first).data).toEqual({ text: 'HELLO', by: true })
  await expect(subscription.publish({ text: 'spam' })).rejects.toMatchObject({ code: 499, message: 'no advertising' })
  const second = nextEvent<{ data: unknown }>(subscription, 'publication')
  expect(await rig.publish('open:a', { text: 'hello' })).toBe(0)
  expect((await second).data).toEqual({ text: 'HELLO', by: false })
  const local = { kind: 'local', userId: 'local', name: 'the test', role: 'admin' } as const
  const channels = ['open:b', 'open:a']
  expect(await rig.realtime.broadcast(local, { channels, data: { text: 'spam' } })).toMatchObject([
    { ok: false, code: 499 },
    { ok: false, code: 499 },
  ])
  expect(await rig.realtime.broadcast(local, { channels, data: { text: 'long' } })).toMatchObject([
    { ok: false, error: 'badRequest' },
    { ok: false, error: 'badRequest' },
  ])
})

test('what one client publishes in a channel stays in order, however long a hook takes', async () => {
  const rig = await startRealtime()
  const gate = Promise.withResolvers<void>()
  const asked: unknown[] = []
  rig.realtime.hooks.on({
    async beforePublish({ data }) {
      asked.push(data)
      if (data === 1) await gate.promise
    },
  })
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { publish: { channel: 'small:a', data: 1 }, id: 2 },
    { publish: { channel: 'small:a', data: 2 }, id: 3 },
    { publish: { channel: 'small:b', data: 3 }, id: 4 },
  )
  await raw.reply(4)
  expect(asked).toEqual([1, 3])
  gate.resolve()
  await raw.reply(3)
  const { publications } = await rig.broker.history('small:a', { size: 5, ttlSeconds: 3600 }, { limit: 5 })
  expect(publications.map(({ data }) => data)).toEqual(['1', '2'])
})

type Told = [name: string, event: Record<string, unknown>]

function record(rig: RealtimeRig): Told[] {
  const told: Told[] = []
  const names = ['connect', 'disconnect', 'subscribe', 'unsubscribe', 'online', 'offline'] as const
  const listener = (name: string) => (event: object) => void told.push([name, event as Record<string, unknown>])
  const hooks: HookSet = Object.fromEntries(names.map((name) => [name, listener(name)]))
  rig.realtime.hooks.on(hooks)
  return told
}
