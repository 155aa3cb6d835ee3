import type { PublicationContext, ServerSubscribedContext, ServerUnsubscribedContext } from 'centrifuge'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { openRaw } from '../support/raw-client.ts'
import { device, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')
const subscribe = ({ realtime }: RealtimeRig, channel: string) => realtime.steering.subscribe({ user: 'ada', channel })

test('whoever connects is in the own personal channel, and gets after an absence what came there', async () => {
  const rig = await startRealtime({ personalChannel: true })
  const client = sdk(rig.url, { token: rig.identities.token(ada) })
  const received: unknown[] = []
  client.on('publication', ({ channel, data }: PublicationContext) => void received.push([channel, data]))
  const first = nextEvent<ServerSubscribedContext>(client, 'subscribed')
  await connected(client)
  expect(await first).toMatchObject({ channel: '#ada', recoverable: true, positioned: true, wasRecovering: false })
  await rig.publish('#ada', 1)
  await rig.publish('#ola', 'not hers')
  await expect.poll(() => received).toEqual([['#ada', 1]])
  const again = nextEvent<ServerSubscribedContext>(client, 'subscribed')
  socketOf(client).terminate()
  await nextEvent(client, 'connecting')
  for (const n of [2, 3]) await rig.publish('#ada', n)
  expect(await again).toMatchObject({ channel: '#ada', wasRecovering: true, recovered: true })
  await rig.publish('#ada', 4)
  await expect.poll(() => received).toEqual([1, 2, 3, 4].map((n) => ['#ada', n]))
})

test('without the option nobody is in a channel that was not asked for', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  expect((await raw.reply(1)).connect).not.toHaveProperty('subs')
})

test('the connect reply comes first, what was sent behind it next, and a second subscribe is refused', async () => {
  const rig = await startRealtime({ personalChannel: true })
  await rig.publish('#device-box-1', 'before')
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(device('box-1')), subs: { '#device-box-1': { recover: true } } }, id: 1 },
    { subscribe: { channel: '#device-box-1' }, id: 2 },
    { subscribe: { channel: 'news:a' }, id: 3 },
  )
  await raw.reply(3)
  expect(raw.received.map(({ id }) => id)).toEqual([1, 2, 3])
  expect(raw.received[0]?.connect).toMatchObject({
    subs: { '#device-box-1': { recovered: true, publications: [{ data: 'before', offset: 1 }] } },
  })
  expect(raw.received[1]?.error?.code).toBe(105)
})

test('of the channels a client names when it connects it gets those it could subscribe to itself', async () => {
  const rig = await startRealtime({ limits: { maxChannels: 3 } })
  await rig.publish('news:a', 1)
  const raw = await openRaw(rig.url)
  const position = { recover: true, offset: 0 }
  const named = [
    'commands:box',
    '$news:a',
    'weather:a',
    '#ola',
    'bad name',
    'news:a',
    'open:a',
    '#ada',
    'news:too-many',
  ]
  const subs = Object.fromEntries(named.map((channel) => [channel, position]))
  raw.send({ connect: { token: rig.identities.token(ada), subs }, id: 1 })
  const { connect } = await raw.reply(1)
  const granted = (connect as { subs: Record<string, unknown> }).subs
  expect(Object.keys(granted).sort()).toEqual(['#ada', 'news:a', 'open:a'])
  expect(granted['news:a']).toMatchObject({ recovered: true, publications: [{ data: 1 }] })
  expect(granted['open:a']).toEqual({})
})

test('all that is recovered at connect is bounded together, and what is too much is told as not recovered', async () => {
  const rig = await startRealtime({ limits: { outboxBytes: 100_000 } })
  const channels = ['news:a', 'news:b', 'cache:c', 'news:d']
  for (const channel of channels.slice(0, 3)) await rig.publish(channel, 'x'.repeat(30_000))
  const raw = await openRaw(rig.url)
  const subs = Object.fromEntries(channels.map((channel) => [channel, { recover: true, offset: 0 }]))
  raw.send({ connect: { token: rig.identities.token(ada), subs }, id: 1 })
  const { connect } = await raw.reply(1)
  const results = (connect as { subs: Record<string, { recovered?: boolean; offset: number }> }).subs
  expect(channels.map((channel) => results[channel]?.recovered)).toEqual([true, undefined, undefined, true])
  expect(results['news:b']).toMatchObject({ offset: 1, was_recovering: true })
})

test('the server subscribes a user to a channel and ends it again, on all of the clients', async () => {
  const rig = await startRealtime()
  const clients = await Promise.all([1, 2].map(() => connected(sdk(rig.url, { token: rig.identities.token(ada) }))))
  const other = await openRaw(rig.url)
  other.send({ connect: { token: rig.identities.token(person('ola')) }, id: 1 })
  await other.reply(1)
  const received: unknown[] = []
  for (const client of clients) client.on('publication', ({ data }: PublicationContext) => void received.push(data))
  const subscribed = clients.map((client) => nextEvent<ServerSubscribedContext>(client, 'subscribed'))
  expect(await subscribe(rig, 'commands:box-1')).toEqual({ ok: true, value: null })
  expect(await subscribe(rig, 'commands:box-1')).toEqual({ ok: true, value: null })
  expect(await Promise.all(subscribed)).toMatchObject(
    [1, 2].map(() => ({ channel: 'commands:box-1', recoverable: true })),
  )
  await rig.publish('commands:box-1', 'go')
  await expect.poll(() => received).toEqual(['go', 'go'])
  const ended = clients.map((client) => nextEvent<ServerUnsubscribedContext>(client, 'unsubscribed'))
  await rig.realtime.steering.unsubscribe({ user: 'ada', channel: 'commands:box-1' })
  expect(await Promise.all(ended)).toMatchObject([{ channel: 'commands:box-1' }, { channel: 'commands:box-1' }])
  await rig.publish('commands:box-1', 'after')
  other.send({ rpc: {}, id: 2 })
  await other.reply(2)
  expect(received).toEqual(['go', 'go'])
  expect(other.received.filter(({ push }) => push)).toEqual([])
  expect(await subscribe(rig, 'weather:a')).toMatchObject({ ok: false, code: 102 })
  expect(await subscribe(rig, 'news:a b')).toMatchObject({ ok: false, code: 107 })
})

test('a subscription that a client began is ended by the server for good', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'news:a' }, id: 2 })
  await raw.reply(2)
  await rig.realtime.steering.unsubscribe({ user: 'ada', channel: 'news:a' })
  const { push } = await raw.message((message) => message.push !== undefined)
  expect(push).toEqual({ channel: 'news:a', unsubscribe: { code: 2000, reason: 'server unsubscribe' } })
})

test('one channel more than a client may have, given by the server, closes it', async () => {
  const rig = await startRealtime({ limits: { maxChannels: 1 } })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'news:a' }, id: 2 })
  await raw.reply(2)
  await subscribe(rig, 'news:b')
  expect(await raw.closed).toMatchObject({ code: 3505 })
})

test('a place lost in a personal channel closes the connection, which comes back with everything', async () => {
  const rig = await startRealtime({ personalChannel: true, limits: { positionCheckMs: 50, positionGraceMs: 20 } })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const received: unknown[] = []
  client.on('publication', ({ data }: PublicationContext) => void received.push(data))
  const connecting = nextEvent<{ code: number }>(client, 'connecting')
  await using other = createMemoryBroker({ store: { path: rig.path }, log: pino({ level: 'silent' }) })
  await other.publish('#ada', { size: 100, ttlSeconds: 24 * 3600 }, { data: '"lost"' })
  expect(await connecting).toMatchObject({ code: 3010 })
  await expect.poll(() => received).toEqual(['lost'])
})

test('what the server decides about a client that is still connecting waits for its connect reply', async () => {
  const rig = await startRealtime({ personalChannel: true })
  const read = rig.broker.history
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  Object.assign(rig.broker, {
    history: async (...asked: Parameters<typeof read>) => {
      await gate
      return read(...asked)
    },
  })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { rpc: {}, id: 2 })
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(true)
  await subscribe(rig, 'open:a')
  await rig.publish('open:a', 'not yet')
  open()
  await raw.message(({ push }) => push?.subscribe !== undefined)
  await rig.publish('open:a', 'now')
  await raw.message(({ push }) => push?.pub?.data === 'now')
  expect(raw.received[0]?.id).toBe(1)
  expect(raw.received.filter(({ push }) => push).map(({ push }) => Object.keys(push ?? {})[1])).toEqual([
    'subscribe',
    'pub',
  ])
})

test('when history cannot be read while connecting, the client is told to try again', async () => {
  const rig = await startRealtime({ personalChannel: true, limits: { answerMs: 200 } })
  const read = rig.broker.history
  Object.assign(rig.broker, { history: () => Promise.reject(new Error('away')) })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'open:a' }, id: 2 })
  expect((await raw.reply(1)).error).toMatchObject({ code: 100, temporary: true })
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  const { promise: late, resolve: arrive } = Promise.withResolvers<void>()
  const slow = async (...asked: Parameters<typeof read>) => {
    await late
    return read(...asked)
  }
  Object.assign(rig.broker, { history: slow })
  const waiting = await openRaw(rig.url)
  waiting.send({ connect: { token: rig.identities.token(ada), subs: { 'news:a': { recover: true } } }, id: 1 })
  expect((await waiting.reply(1)).error).toMatchObject({ code: 100, temporary: true })
  expect(raw.received).toHaveLength(1)
  Object.assign(rig.broker, { history: read })
  arrive()
  await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
})
