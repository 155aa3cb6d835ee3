import { expect, test } from 'vitest'
import type { SocketIdentity } from '#server/auth/identity.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { linkBuses } from '../support/linked-buses.ts'
import { openRaw } from '../support/raw-client.ts'
import { external, person, type RealtimeRig, type RigOptions, startRealtime } from '../support/realtime-rig.ts'

const ada = person('ada')

test('what the server decides about a user reaches the clients of every node', async () => {
  const { a, b } = await twoNodes()
  const [here, there] = [await client(a), await client(b)]
  expect(await a.realtime.steering.subscribe({ user: 'ada', channel: 'news:x', data: '{"n":1}' })).toMatchObject({
    ok: true,
  })
  for (const { raw } of [here, there]) {
    const { push } = await raw.message((message) => message.push?.subscribe !== undefined)
    expect(push).toMatchObject({ channel: 'news:x', subscribe: { recoverable: true, data: { n: 1 } } })
  }
  expect(await b.realtime.nodes.channels('news:*')).toEqual({ ok: true, value: new Map([['news:x', 2]]) })
  expect(await b.realtime.activeChannels()).toEqual([{ channel: 'news:x', clients: 2 }])
  const info = await a.realtime.nodes.info()
  expect(info).toMatchObject({
    ok: true,
    value: [
      { uid: 'a', num_clients: 1 },
      { uid: 'b', num_clients: 1 },
    ],
  })

  await a.realtime.steering.unsubscribe({ user: 'ada', channel: 'news:x', client: there.id })
  await there.raw.message(({ push }) => push?.unsubscribe !== undefined)
  expect(here.raw.received.some(({ push }) => push?.unsubscribe)).toBe(false)
  await a.realtime.steering.disconnect({ user: 'ada', whitelist: [here.id], code: 4001, reason: 'elsewhere' })
  expect(await there.raw.closed).toEqual({ code: 4001, reason: 'elsewhere' })
  const past = { user: 'ada', session: 'session-of-ada', expireAt: 1 }
  await b.realtime.steering.refresh({ ...past, session: 'another' })
  expect(here.raw.socket.readyState).toBe(here.raw.socket.OPEN)
  await b.realtime.steering.refresh(past)
  expect(await here.raw.closed).toMatchObject({ code: 3005 })
})

test('the policy of a channel can be another for one subscription, and it can begin in the past', async () => {
  const { a, b } = await twoNodes()
  const { raw } = await client(b)
  for (const n of [1, 2]) await b.publish('placed:a', n)
  const { epoch } = await b.broker.history('placed:a', { size: 5, ttlSeconds: 3600 }, { limit: 0 })
  await a.realtime.steering.subscribe({
    user: 'ada',
    channel: 'placed:a',
    recover: { offset: 1, epoch },
    override: { force_recovery: true, presence: true },
  })
  const { push } = await raw.message((message) => message.push?.subscribe !== undefined)
  expect(push?.subscribe).toMatchObject({ recoverable: true, recovered: true, publications: [{ data: 2, offset: 2 }] })
  expect(await b.broker.presence('placed:a')).toMatchObject([{ user: 'ada' }])
})

test('a subscription by the server shows its info to others, and closes the connection when it has ended', async () => {
  const { a, b } = await twoNodes({ refreshGraceMs: 0 })
  const { raw } = await client(b)
  const expiresAt = Math.floor(Date.now() / 1000) + 2
  await a.realtime.steering.subscribe({ user: 'ada', channel: 'talk:a', info: '{"seat":4}', expiresAt })
  const { push } = await raw.message((message) => message.push?.subscribe !== undefined)
  expect(push?.subscribe).toMatchObject({ expires: true, ttl: expect.any(Number) })
  expect(await b.broker.presence('talk:a')).toMatchObject([{ user: 'ada', chanInfo: '{"seat":4}' }])
  expect(await raw.closed).toEqual({ code: 3006, reason: 'subscription expired' })
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt * 1000)
})

test('while a node is silent the answer is an error, and looking at channels shows those of this node', async () => {
  const { a, b, buses } = await twoNodes()
  const { raw } = await client(a)
  const there = await client(b)
  there.raw.send({ subscribe: { channel: 'news:of-b' }, id: 2 })
  await there.raw.reply(2)
  raw.send({ subscribe: { channel: 'news:a' }, id: 2 })
  await raw.reply(2)
  buses.silence('b')
  const error = { ok: false, code: 100, message: expect.stringMatching(/did not answer/) }
  const { steering, nodes, activeChannels } = a.realtime
  expect(await nodes.info()).toEqual(error)
  expect(await nodes.channels('')).toEqual(error)
  expect(await steering.subscribe({ user: 'ada', channel: 'news:b' })).toEqual(error)
  expect(await steering.disconnect({ user: 'nobody', code: 4000, reason: 'x' })).toEqual(error)
  const active = await activeChannels()
  expect(active).toContainEqual({ channel: 'news:a', clients: 1 })
  expect(active).not.toContainEqual({ channel: 'news:of-b', clients: 1 })
  buses.restore('b')
  expect(await nodes.info()).toMatchObject({ ok: true })
})

test('a revocation that could not be told closes who it was about as soon as nodes hear each other again', async () => {
  const { a, b, buses } = await twoNodes()
  const [revoked, other] = [await client(b), await client(b, person('bob'))]
  const ofSite = await client(b, external('eva'))
  buses.kill('a')
  b.identities.forget('ada')
  a.realtime.revoke({ kind: 'user', userId: 'ada' })
  await expect.poll(() => a.logged.join()).toMatch(/could not be told of a revocation/)
  expect(revoked.raw.socket.readyState).toBe(revoked.raw.socket.OPEN)
  buses.restore('a')
  expect(await revoked.raw.closed).toEqual({ code: 3503, reason: expect.stringMatching(/^access ended/) })
  await expect.poll(() => b.logged.join()).toMatch(/"closed":1.*compared with the records/)
  for (const { raw } of [other, ofSite]) expect(raw.socket.readyState).toBe(raw.socket.OPEN)
})

test('a user of two nodes is online on both, and told once', async () => {
  const { a, b } = await twoNodes()
  const told: string[] = []
  for (const { realtime } of [a, b]) {
    realtime.hooks.on({
      online: ({ user }) => told.push(`online ${user}`),
      offline: ({ user }) => told.push(`offline ${user}`),
    })
  }
  const first = await client(a)
  await expect.poll(() => b.realtime.isOnline('ada')).toBe(true)
  const second = await client(b)
  first.raw.socket.terminate()
  second.raw.socket.terminate()
  await expect.poll(() => told).toEqual(['online ada', 'offline ada'])
  await expect.poll(() => [a.realtime.isOnline('ada'), b.realtime.isOnline('ada')]).toEqual([false, false])
})

async function twoNodes(limits: RigOptions['limits'] = {}) {
  const buses = linkBuses()
  const ephemeral = createMemoryEphemeral()
  const all = { offlineMs: 100, ...limits }
  const a = await startRealtime({ bus: buses.join('a'), ephemeral, limits: all })
  const b = await startRealtime({ bus: buses.join('b'), ephemeral, limits: all })
  return { a, b, buses }
}

async function client(rig: RealtimeRig, who: SocketIdentity = ada) {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(who) }, id: 1 })
  const { client: id } = (await raw.reply(1)).connect as { client: string }
  return { raw, id }
}
