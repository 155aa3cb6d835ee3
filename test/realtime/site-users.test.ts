import type { ConnectedContext, DisconnectedContext } from 'centrifuge'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { namespaces, withoutNamespace } from '#server/config/namespaces.ts'
import { openRaw, type RawClient } from '../support/raw-client.ts'
import { external, person, type RealtimeRig, type RigOptions, startRealtime } from '../support/realtime-rig.ts'
import { connected, nextEvent, sdk } from '../support/realtime-sdk.ts'

const eva = external('eva', { name: 'Eva' })

const policies = namespaces.parse([
  {
    ...{ name: 'shop', history_size: 10, history_ttl: '1h', allow_recovery: true, allow_positioning: true },
    ...{ allow_subscribe_for_client: true, allow_publish_for_subscriber: true, allow_history_for_subscriber: true },
    allowed_delta_types: ['fossil'],
  },
  { name: 'mine', history_size: 10, history_ttl: '1h', force_recovery: true },
  {
    ...{ name: 'state', history_size: 1, history_ttl: '1h', force_recovery: true, force_recovery_mode: 'cache' },
    ...{ auto_cache_recovery: true, allow_subscribe_for_client: true },
  },
  { name: 'staff', subscribe_roles: ['viewer'], publish_roles: ['viewer'] },
])

const start = (options: RigOptions = {}) => startRealtime({ namespaces: policies, ...options })

async function open(rig: RealtimeRig, identity = eva, more: object = {}, grants: { channel: string }[] = []) {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(identity, null, grants), ...more }, id: 1 })
  await raw.reply(1)
  return raw
}

const subsOf = (raw: RawClient) => (raw.received[0]?.connect as { subs?: Record<string, object> } | undefined)?.subs

test('what users of the site may do is what the namespace allows clients, and no role', async () => {
  const rig = await start()
  const raw = await open(rig)
  expect(raw.received[0]?.connect).not.toHaveProperty('expires')
  const codes = async (...commands: object[]) => {
    const first = raw.received.length + 100
    raw.send(...commands.map((command, index) => ({ ...command, id: first + index })))
    return Promise.all(commands.map(async (_, index) => (await raw.reply(first + index)).error?.code))
  }
  expect(
    await codes(
      { publish: { channel: 'shop:a', data: 1 } },
      { history: { channel: 'shop:a', limit: 1 } },
      { subscribe: { channel: 'staff:a' } },
      { publish: { channel: 'staff:a', data: 1 } },
      { subscribe: { channel: '#eva' } },
      { subscribe: { channel: '#ola' } },
      { rpc: { method: 'any' } },
      { subscribe: { channel: 'shop:a' } },
    ),
  ).toEqual([103, 103, 103, 103, undefined, 103, 108, undefined])
  expect(
    await codes(
      { publish: { channel: 'shop:a', data: 1 } },
      { history: { channel: 'shop:a', limit: 1 } },
      { presence: { channel: 'shop:a' } },
    ),
  ).toEqual([undefined, undefined, 103])
})

test('methods that work on records are not there for users of the site', async () => {
  const rig = await start({ rpc: new Map([['who', async ({ identity }) => identity.name]]) })
  const [raw, ours] = [await open(rig), await openRaw(rig.url)]
  raw.send({ rpc: { method: 'who' }, id: 2 })
  expect((await raw.reply(2)).error?.code).toBe(108)
  ours.send({ connect: { token: rig.identities.token(person('ada')) }, id: 1 }, { rpc: { method: 'who' }, id: 2 })
  expect((await ours.reply(2)).rpc).toEqual({ data: 'ada' })
})

test('a client without a token is nobody in particular, where that is allowed', async () => {
  const rig = await start()
  Object.assign(rig.identities, { anonymous: external('') })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { headers: { authorization: 'Bearer x' } }, id: 1 }, { subscribe: { channel: 'shop:a' }, id: 2 })
  raw.send({ subscribe: { channel: '#' }, id: 3 })
  expect((await raw.reply(2)).error?.code).toBe(103)
  expect((await raw.reply(3)).error?.code).toBe(103)
})

test('anonymous tokens that are not taken end the client for good', async () => {
  const rig = await start()
  rig.identities.verifyConnectionToken = async () => ({ ok: false, reason: 'anonymous' })
  const client = sdk(rig.url, { token: 'any' })
  const disconnected = nextEvent<DisconnectedContext>(client, 'disconnected')
  client.connect()
  expect(await disconnected).toMatchObject({ code: 3507, reason: 'permission denied' })
})

test('where nothing is secured whoever is not known to the server may do everything, and the others what they may', async () => {
  const rig = await start({ insecure: true, withoutNamespace: withoutNamespace.parse({ presence: true }) })
  Object.assign(rig.identities, { anonymous: external('') })
  const raw = await openRaw(rig.url)
  const commands = [
    { subscribe: { channel: 'lobby' } },
    { subscribe: { channel: '$shop:private' } },
    { publish: { channel: 'staff:a', data: 1 } },
    { presence: { channel: 'lobby' } },
    { history: { channel: 'shop:a', limit: 1 } },
  ]
  raw.send({ connect: {}, id: 1 }, ...commands.map((command, index) => ({ ...command, id: index + 2 })))
  for (const index of commands.keys()) expect((await raw.reply(index + 2)).error).toBeUndefined()
  const viewer = await openRaw(rig.url)
  const token = rig.identities.token(person('ada', 'operator'))
  viewer.send({ connect: { token }, id: 1 }, { publish: { channel: 'staff:a', data: 1 }, id: 2 })
  expect((await viewer.reply(2)).error?.code).toBe(103)
})

test('a channel without a namespace is there when it has a policy', async () => {
  const rig = await start({ withoutNamespace: withoutNamespace.parse({ allow_subscribe_for_client: true }) })
  const raw = await open(rig)
  raw.send({ subscribe: { channel: 'lobby' }, id: 2 }, { subscribe: { channel: 'nowhere:a' }, id: 3 })
  expect((await raw.reply(2)).subscribe).toEqual({})
  expect((await raw.reply(3)).error?.code).toBe(102)
})

test('a place and recovery are given where the namespace leaves them to clients, as the client wishes', async () => {
  const rig = await start()
  await rig.publish('shop:a', 1)
  const raw = await open(rig)
  const wishes = [
    {},
    { positioned: true },
    { recoverable: true },
    { recover: true },
    { recoverable: true, recover: true },
  ]
  const results: unknown[] = []
  for (const [index, wish] of wishes.entries()) {
    raw.send({ subscribe: { channel: 'shop:a', ...wish }, id: 2 * index + 2 })
    results.push((await raw.reply(2 * index + 2)).subscribe)
    raw.send({ unsubscribe: { channel: 'shop:a' }, id: 2 * index + 3 })
    await raw.reply(2 * index + 3)
  }
  const epoch = expect.any(String)
  expect(results).toEqual([
    {},
    { positioned: true, epoch, offset: 1 },
    { recoverable: true, positioned: true, epoch, offset: 1 },
    {},
    expect.objectContaining({ recovered: true, publications: [{ data: 1, offset: 1 }] }),
  ])
})

test('who has no place and who has one are both told when publications were lost', async () => {
  const rig = await start({ limits: { positionCheckMs: 50, positionGraceMs: 20 } })
  const clients = await Promise.all([open(rig), open(rig)])
  clients[0].send({ subscribe: { channel: 'shop:a' }, id: 2 })
  clients[1].send({ subscribe: { channel: 'shop:a', recoverable: true }, id: 2 })
  for (const client of clients) await client.reply(2)
  await using other = createMemoryBroker({ store: { path: rig.path }, log: pino({ level: 'silent' }) })
  await other.publish('shop:a', { size: 10, ttlSeconds: 3600 }, { data: '"lost"' })
  for (const client of clients) await client.message(({ push }) => push?.unsubscribe?.code === 2500)
})

test('a client that subscribes at once to lose its place again is sent away for a while', async () => {
  const rig = await start({ limits: { positionCheckMs: 20, positionGraceMs: 0, lossBurst: 2, lossesPerSecond: 0 } })
  const read = rig.broker.history
  let ahead = 0
  const lying = async (...asked: Parameters<typeof read>) => {
    const page = await read(...asked)
    return asked[2].limit === 0 && ahead++ % 2 === 1 ? { ...page, offset: page.offset + ahead } : page
  }
  Object.assign(rig.broker, { history: lying })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(eva, null) }))
  const connecting = nextEvent<{ code: number }>(client, 'connecting')
  client.newSubscription('shop:a', { recoverable: true }).subscribe()
  expect(await connecting).toMatchObject({ code: 3010 })
  Object.assign(rig.broker, { history: read })
})

test('of a channel that tells a state everybody gets the newest, asked for or not', async () => {
  const rig = await start()
  await rig.publish('state:door', 'open')
  const raw = await open(rig, eva, {}, [{ channel: 'state:door' }])
  const newest = { was_recovering: true, recovered: true, publications: [{ data: 'open', offset: 1 }], offset: 1 }
  expect(subsOf(raw)).toMatchObject({ 'state:door': newest })
  const other = await open(rig)
  other.send({ subscribe: { channel: 'state:door' }, id: 2 }, { subscribe: { channel: 'state:none' }, id: 3 })
  expect((await other.reply(2)).subscribe).toMatchObject(newest)
  expect((await other.reply(3)).subscribe).not.toHaveProperty('recovered')
})

test('a state that the server has declared invalid is not recovered', async () => {
  const rig = await start()
  await rig.publish('shop:a', 1)
  const raw = await open(rig)
  raw.send({ subscribe: { channel: 'shop:a', recoverable: true, recover: true, epoch: '_' }, id: 2 })
  const { subscribe } = await raw.reply(2)
  expect(subscribe).toMatchObject({ was_recovering: true, offset: 1 })
  expect(subscribe).not.toHaveProperty('recovered')
  expect(subscribe).not.toHaveProperty('publications')
})

test('the channels of a token are joined by the server, with what it says of them, and recovered', async () => {
  const rig = await start()
  const grants = [
    { channel: 'mine:a', data: '{"title":"A"}' },
    { channel: '$mine:b' },
    { channel: 'staff:c', override: { presence: true }, info: '1' },
  ]
  const raw = await open(rig, eva, {}, grants)
  const { epoch } = (subsOf(raw)?.['mine:a'] ?? {}) as { epoch?: string }
  expect(subsOf(raw)).toMatchObject({
    'mine:a': { recoverable: true, positioned: true, offset: 0, data: { title: 'A' } },
    '$mine:b': { recoverable: true },
    'staff:c': {},
  })
  expect(await rig.broker.presence('staff:c')).toMatchObject([{ user: 'eva', chanInfo: '1' }])
  raw.send({ subscribe: { channel: 'mine:a' }, id: 2 })
  expect((await raw.reply(2)).error?.code).toBe(105)
  await rig.publish('mine:a', 'missed')
  const again = await open(rig, eva, { subs: { 'mine:a': { recover: true, offset: 0, epoch } } }, grants)
  expect(subsOf(again)?.['mine:a']).toMatchObject({ recovered: true, publications: [{ data: 'missed' }] })
})

test('deltas are granted to a subscription of the server’s where the client asks for them', async () => {
  const rig = await start()
  const grants = [{ channel: 'shop:a', override: { force_recovery: true } }]
  const raw = await open(rig, eva, { subs: { 'shop:a': { recover: true, delta: 'fossil' } } }, grants)
  expect(subsOf(raw)?.['shop:a']).toMatchObject({ delta: true })
  const text = 'a long text that hardly changes, and does so at its end only: '
  for (const n of [1, 2]) await rig.publish('shop:a', text + n)
  await raw.message(({ push }) => push?.pub?.offset === 2)
  const pubs = raw.received.filter(({ push }) => push?.pub).map(({ push }) => push?.pub as object)
  expect(pubs).toMatchObject([{ data: JSON.stringify(`${text}1`) }, { delta: true, data: expect.any(String) }])
})

test.each([
  ['a namespace that is not there', [{ channel: 'weather:a' }], 102],
  ['a name that cannot be', [{ channel: 'shop:a b' }], 107],
])('a token with %s does not connect', async (_, grants, code) => {
  const rig = await start()
  const raw = await open(rig, eva, {}, grants)
  expect(raw.received[0]?.error?.code).toBe(code)
})

test('more channels in a token than a client may have close it for good', async () => {
  const rig = await start({ limits: { maxChannels: 2 } })
  const raw = await openRaw(rig.url)
  const grants = ['a', 'b', 'c'].map((name) => ({ channel: `shop:${name}` }))
  raw.send({ connect: { token: rig.identities.token(eva, null, grants) }, id: 1 })
  expect(await raw.closed).toEqual({ code: 3505, reason: 'channel limit' })
})

test('a personal channel may stand in a namespace', async () => {
  const rig = await start({ personalChannel: true, personalNamespace: 'mine' })
  const raw = await open(rig)
  expect(subsOf(raw)).toMatchObject({ 'mine:#eva': { recoverable: true } })
  await rig.publish('mine:#eva', 'for her')
  await raw.message(({ push }) => push?.pub?.data === 'for her')
})

test('with a single connection for each user the newest stays, and nobody anonymous is closed', async () => {
  const rig = await start({ singleConnection: true })
  const first = await open(rig)
  const other = await open(rig, external('ola'))
  const nobody = [await open(rig, external('')), await open(rig, external(''))]
  const second = sdk(rig.url, { token: rig.identities.token(eva, null) })
  const context = nextEvent<ConnectedContext>(second, 'connected')
  second.connect()
  await context
  expect(await first.closed).toEqual({ code: 3504, reason: 'connection limit' })
  for (const raw of [other, ...nobody]) {
    raw.send({ rpc: {}, id: 2 })
    await raw.reply(2)
  }
  expect(second.state).toBe('connected')
})

test('a refresh without an end stops further ones, and another kind of identity is another user', async () => {
  const rig = await start()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(eva, 60) }, id: 1 })
  await raw.reply(1)
  raw.send({ refresh: { token: rig.identities.token(external('eva', { name: 'Eva B.' }), null) }, id: 2 })
  expect((await raw.reply(2)).refresh).toEqual({ client: expect.any(String), version: 'carillon 0.0' })
  raw.send({ subscribe: { channel: 'shop:a' }, id: 3 }, { publish: { channel: 'shop:b', data: 1 }, id: 4 })
  await raw.reply(4)
  raw.send({ publish: { channel: 'shop:a', data: 1 }, id: 5 })
  const { push } = await raw.message((message) => message.push?.pub !== undefined)
  expect(push?.pub).toMatchObject({ info: { user: 'eva', conn_info: { name: 'Eva B.' } } })
  raw.send({ refresh: { token: rig.identities.token(person('eva')) }, id: 6 })
  expect(await raw.closed).toMatchObject({ code: 3500 })
})

test('of whom the role has changed comes back by itself, and who is disabled stays away', async () => {
  const rig = await start()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(person('ada')) }))
  const connecting = nextEvent<{ code: number; reason: string }>(client, 'connecting')
  const again = nextEvent(client, 'connected')
  rig.realtime.revoke({ kind: 'user', userId: 'ada', changed: true })
  expect(await connecting).toMatchObject({ code: 3011, reason: 'force reconnect' })
  await again
  const disconnected = nextEvent<DisconnectedContext>(client, 'disconnected')
  rig.realtime.revoke({ kind: 'user', userId: 'ada' })
  expect(await disconnected).toMatchObject({ code: 3503 })
})

test('neither the time nor what the site keeps for itself is told to clients', async () => {
  const rig = await start()
  const raw = await open(rig, { ...eva, meta: { plan: 'gold' } })
  expect(Object.keys(raw.received[0]?.connect as object).sort()).toEqual(['client', 'ping', 'pong', 'version'])
  expect(rig.logged.join()).not.toMatch(/gold/)
})
