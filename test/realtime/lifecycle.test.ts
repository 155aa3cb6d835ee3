import type { ConnectingContext, DisconnectedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { RpcError, type RpcHandler } from '#server/realtime/rpc.ts'
import { openRaw, type RawClient } from '../support/raw-client.ts'
import { openStream } from '../support/raw-stream.ts'
import { device, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')

test('a client refreshes its token and stays, as long as the token is good', async () => {
  const rig = await startRealtime({ limits: { refreshGraceMs: 1500 } })
  const tokens: string[] = []
  const getToken = async () => {
    const token = rig.identities.token(ada, 2)
    tokens.push(token)
    return token
  }
  const client = await connected(sdk(rig.url, { getToken }))
  const leaving: unknown[] = []
  client.on('connecting', (context) => void leaving.push(context))
  await expect.poll(() => tokens.length).toBe(3)
  expect(leaving).toEqual([])
})

test('a client that does not refresh in time is closed with 3005 and comes back with another token', async () => {
  const rig = await startRealtime({ limits: { refreshGraceMs: 50 } })
  // A refresh of the open connection gets stuck; a token for a new one comes.
  const getToken = async () =>
    client.state === 'connected' ? new Promise<string>(() => {}) : rig.identities.token(ada)
  const client = sdk(rig.url, { token: rig.identities.token(ada, 2), getToken })
  await connected(client)
  const leaving = nextEvent<ConnectingContext>(client, 'connecting')
  const back = nextEvent(client, 'connected')
  expect(await leaving).toMatchObject({ code: 3005, reason: 'connection expired' })
  await back
})

test('a refresh is answered with the client and a new ttl', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada, 1) }, id: 1 })
  const { client } = (await raw.reply(1)).connect as { client: string }
  raw.send({ refresh: { token: rig.identities.token(ada, 60) }, id: 2 })
  expect((await raw.reply(2)).refresh).toEqual({
    client,
    version: 'carillon 0.0',
    expires: true,
    ttl: expect.any(Number),
  })
})

test('a refresh with an expired token closes with 3005, with a false one or for another user with 3500', async () => {
  const rig = await startRealtime()
  const outcome = async (token: string, first = rig.identities.token(ada)) => {
    const raw = await openRaw(rig.url)
    raw.send({ connect: { token: first }, id: 1 })
    await raw.reply(1)
    raw.send({ refresh: { token }, id: 2 })
    return (await raw.closed).code
  }
  expect(await outcome(rig.identities.token(ada, -5))).toBe(3005)
  expect(await outcome('forged')).toBe(3500)
  expect(await outcome(rig.identities.token(person('eve')))).toBe(3500)
  expect(rig.logged.join('')).toContain('"why":"for another channel, user or connection"')
  expect(await outcome(rig.identities.token(ada), rig.identities.ticket(ada))).toBe(3501)
})

test('a refresh that takes a right away ends the subscriptions that needed it', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(person('ada', 'operator')) }, id: 1 },
    { subscribe: { channel: 'open:a' }, id: 2 },
    { subscribe: { channel: 'news:a' }, id: 3 },
  )
  await raw.reply(3)
  raw.send({ refresh: { token: rig.identities.token(person('ada', 'admin')) }, id: 4 })
  const { push } = await raw.message((message) => message.push?.unsubscribe !== undefined)
  expect(push).toEqual({ channel: 'open:a', unsubscribe: { code: 2000, reason: 'server unsubscribe' } })
  await rig.publish('open:a', 1)
  await rig.publish('news:a', 2)
  await raw.message((message) => message.push?.pub?.data === 2)
  expect(raw.received.some((message) => message.push?.pub?.data === 1)).toBe(false)
})

test('a refresh that takes a right away while a subscription is being opened leaves no command unanswered', async () => {
  const rig = await startRealtime()
  const { broker } = rig
  const read = broker.history.bind(broker)
  const answer = Promise.withResolvers<void>()
  broker.history = async (...query) => {
    await answer.promise
    return read(...query)
  }
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(person('box', 'viewer')) }, id: 1 },
    { subscribe: { channel: 'small:a' }, id: 2 },
    { refresh: { token: rig.identities.token(person('box', 'admin')) }, id: 3 },
  )
  await raw.reply(3)
  answer.resolve()
  expect(await raw.reply(2)).toHaveProperty('subscribe')
  const { push } = await raw.message((message) => message.push?.unsubscribe !== undefined)
  expect(push).toEqual({ channel: 'small:a', unsubscribe: { code: 2000, reason: 'server unsubscribe' } })
})

test('a client that goes while its refresh is decided is gone', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  await raw.reply(1)
  const letGo = rig.identities.hold()
  raw.send({ refresh: { token: rig.identities.token(ada) }, id: 2 }, { history: { channel: 'news:a' }, id: 3 })
  await raw.reply(3)
  raw.socket.terminate()
  const count = async () => (await rig.realtime.clients.list({ limit: 10 })).clients.length
  await expect.poll(count).toBe(0)
  letGo()
  await rig.publish('news:a', 'some turns later')
  expect(await count()).toBe(0)
})

test('a client that does not answer pings is closed with 3012', async () => {
  const rig = await startRealtime({ limits: { pingMs: 1000, pongMs: 200 } })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  expect((await raw.reply(1)).connect).toMatchObject({ ping: 1, pong: true })
  expect(await raw.closed).toEqual({ code: 3012, reason: 'no pong' })
  expect(raw.received.at(-1)).toEqual({})
})

test('a device is pinged at an interval of its own, and missed as soon', async () => {
  const limits = { pingMs: 60_000, pongMs: 20_000, devicePingMs: 1000, devicePongMs: 200 }
  const rig = await startRealtime({ limits })
  const [screen, somebody] = [await openRaw(rig.url), await openRaw(rig.url)]
  screen.send({ connect: { token: rig.identities.token(device('lobby')) }, id: 1 })
  somebody.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  expect((await screen.reply(1)).connect).toMatchObject({ ping: 1, pong: true })
  expect((await somebody.reply(1)).connect).toMatchObject({ ping: 60, pong: true })
  expect(await screen.closed).toEqual({ code: 3012, reason: 'no pong' })
})

test('a client that answers pings stays, surplus answers included', async () => {
  const rig = await startRealtime({ limits: { pingMs: 1000, pongMs: 900 } })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const socket = socketOf(client)
  let pings = 0
  socket.on('message', (data) => {
    if (data.toString().split('\n').includes('{}')) pings += 1
    socket.send('{}\n{}')
  })
  await expect.poll(() => pings).toBeGreaterThanOrEqual(3)
  expect(client.state).toBe('connected')
})

test.each([
  ['what is not JSON', '{"id":2,'],
  ['an empty frame', ''],
  ['blanks', ' '],
  ['an array', '[{"id":2,"rpc":{}}]'],
  ['a blank line between commands', '{}\n\n{}'],
  ['a command that is not known', '{"id":2,"ping":{}}'],
  ['an id that is not a number', '{"id":"2","rpc":{}}'],
  ['a negative id', '{"id":-2,"rpc":{}}'],
  ['an empty channel', '{"id":2,"subscribe":{"channel":""}}'],
])('%s closes with 3501', async (_what, frame) => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.sendText(frame)
  expect(await raw.closed).toEqual({ code: 3501, reason: 'bad request' })
})

test('a trailing newline is fine', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.sendText('{"id":2,"unsubscribe":{"channel":"a:b"}}\n')
  expect(await raw.reply(2)).toEqual({ id: 2, unsubscribe: {} })
})

test('a binary frame closes with 3506', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.socket.send(Buffer.from('{"id":2,"rpc":{}}'))
  expect(await raw.closed).toEqual({ code: 3506, reason: 'inappropriate protocol' })
})

test('a command of the wrong form is answered with 107, and the connection goes on', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.send({ subscribe: { channel: 7 }, id: 2 }, { publish: { channel: 'open:a' }, id: 3 })
  raw.sendText(`{"publish":{"channel":"open:a","data":${'['.repeat(20_000)}${']'.repeat(20_000)}},"id":4}`)
  expect((await raw.reply(2)).error).toMatchObject({ code: 107, message: expect.stringMatching(/channel/) })
  expect((await raw.reply(3)).error).toMatchObject({ code: 107, message: expect.stringMatching(/JSON value/) })
  expect((await raw.reply(4)).error).toMatchObject({ code: 107 })
  expect(raw.socket.readyState).toBe(raw.socket.OPEN)
})

test('a publication over 64 KiB is refused with the limit, and one just below passes', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'open:a')
  await subscription.publish('x'.repeat(64 * 1024 - 2))
  await expect(subscription.publish('x'.repeat(64 * 1024 - 1))).rejects.toMatchObject({
    code: 107,
    message: expect.stringMatching(/64 KiB/),
  })
  await expect(subscription.publish('x'.repeat(100_000))).rejects.toMatchObject({
    code: 107,
    message: expect.stringMatching(/too large/),
  })
  await expect.poll(() => data).toHaveLength(1)
  expect(client.state).toBe('connected')
})

test('a frame beyond four times the limit is cut off by its length, and nobody else notices', async () => {
  const rig = await startRealtime()
  const [raw, other] = [await rawClient(rig), await rawClient(rig)]
  raw.send({ publish: { channel: 'open:a', data: 'x'.repeat(256 * 1024) }, id: 2 })
  expect((await raw.closed).code).toBe(1009)
  other.send({ unsubscribe: { channel: 'open:a' }, id: 2 })
  expect(await other.reply(2)).toEqual({ id: 2, unsubscribe: {} })
})

test('a revoked session is closed with 3503 and stays away', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { getToken: async () => rig.identities.token(ada) }))
  const other = await connected(sdk(rig.url, { token: rig.identities.token(person('eve')) }))
  const disconnected = nextEvent<DisconnectedContext>(client, 'disconnected')
  rig.realtime.revoke({ kind: 'session', sessionId: 'session-of-ada' })
  expect(await disconnected).toMatchObject({ code: 3503, reason: expect.stringMatching(/^access ended/) })
  expect([client.state, other.state]).toEqual(['disconnected', 'connected'])
})

test('a revoked user loses every socket', async () => {
  const rig = await startRealtime()
  const [one, two] = [await rawClient(rig), await rawClient(rig)]
  rig.realtime.revoke({ kind: 'user', userId: 'ada' })
  expect([await one?.closed, await two?.closed]).toMatchObject([{ code: 3503 }, { code: 3503 }])
})

test('a revocation while the token is still being looked at lets nobody slip in', async () => {
  const rig = await startRealtime()
  const release = rig.identities.hold()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  const other = await openRaw(rig.url)
  other.send({ connect: { token: 'any' }, id: 1 })
  rig.realtime.revoke({ kind: 'session', sessionId: 'session-of-ada' })
  release()
  expect(await raw.closed).toEqual({ code: 3503, reason: expect.stringMatching(/^access ended/) })
  expect((await rawClient(rig)).received).toHaveLength(1)
})

test.each(['websocket', 'stream'] as const)(
  'a revocation while the HTTP edge is still finding out who it is lets nobody slip in, over a %s',
  async (transport) => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<typeof ada>()
    const known = () => {
      asked.resolve()
      return answer.promise
    }
    const rig = await startRealtime({ known })
    const connect = { id: 1, connect: {} }
    const opening =
      transport === 'websocket'
        ? openRaw(rig.url)
        : openStream(`${rig.httpUrl}/connection/http_stream`, { body: JSON.stringify(connect) })
    await asked.promise
    rig.realtime.revoke({ kind: 'session', sessionId: 'session-of-ada' })
    // Who it was before: the records were read, and then they changed.
    answer.resolve(ada)
    const opened = await opening
    if ('send' in opened) {
      opened.send(connect)
      expect(await opened.closed).toEqual({ code: 3503, reason: expect.stringMatching(/^access ended/) })
    } else {
      await opened.ended
      expect(opened.text()).toMatch(/"disconnect":\{"code":3503/)
    }
  },
)

test('being online is told at the first socket of a user and after the last', async () => {
  const rig = await startRealtime({ limits: { offlineMs: 20 } })
  const told: string[] = []
  rig.realtime.hooks.on({
    online: ({ user }) => told.push(`${user} true`),
    offline: ({ user }) => told.push(`${user} false`),
  })
  const [one, two] = [await rawClient(rig), await rawClient(rig)]
  one.socket.terminate()
  await one.closed
  two.socket.terminate()
  await expect.poll(() => told).toEqual(['ada true', 'ada false'])
})

test('a reader that is too slow is closed with 3008 and cut, others get everything, and it recovers', async () => {
  const rig = await startRealtime({ limits: { slowGraceMs: 200 } })
  const slow = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const quick = await connected(sdk(rig.url, { token: rig.identities.token(person('eve')) }))
  const [late, timely] = [await follow(slow, 'news:a'), await follow(quick, 'news:a')]
  socketOf(slow).pause()
  const payload = 'x'.repeat(60_000)
  let count = 0
  while (!rig.logged.some((line) => line.includes('"code":3008'))) {
    await rig.publish('news:a', { n: ++count, payload })
    if (count > 900) throw new Error('nobody was found slow')
  }
  const cut = nextEvent<ConnectingContext>(slow, 'connecting')
  await expect.poll(() => rig.realtime.activeChannels()).toEqual([{ channel: 'news:a', clients: 1 }])
  await expect.poll(() => timely.data.length).toBe(count)
  socketOf(slow).resume()
  expect((await cut).code).toSatisfy((code: number) => code === 1 || code === 3008)
  await late.subscription.ready(10_000)
  const before = late.data.length
  await rig.publish('news:a', { n: ++count })
  await expect.poll(() => late.data.length).toBeGreaterThan(before)
  const numbers = late.data.map((each) => (each as { n: number }).n)
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
})

test('a burst far larger than the outbox does not make a reader slow that keeps up', async () => {
  const rig = await startRealtime({ limits: { outboxBytes: 256 * 1024 } })
  const { data } = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'news:a')
  const payload = 'x'.repeat(10_000)
  await Promise.all(Array.from({ length: 100 }, (_, n) => rig.publish('news:a', { n, payload })))
  await expect.poll(() => data.length).toBe(100)
  expect(rig.logged.join('')).not.toContain('"code":3008')
})

test('a full broker is told to the publisher as temporary, and to the caller with a sentence', async () => {
  const rig = await startRealtime({ broker: { maxWaiting: 2 } })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(person('ola', 'operator')) }, id: 1 })
  await raw.reply(1)
  raw.send(...[2, 3, 4].map((id) => ({ publish: { channel: 'news:a', data: id }, id })))
  expect((await raw.reply(4)).error).toMatchObject({
    code: 100,
    temporary: true,
    message: expect.stringMatching(/wait to be written/),
  })
  expect(await raw.reply(3)).toEqual({ id: 3, publish: {} })
})

test('a second publication with the same key answers the first position and reaches nobody', async () => {
  const rig = await startRealtime()
  const { data } = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'news:a')
  const by = { kind: 'local', userId: 'local', name: 'test', role: 'admin' } as const
  const publish = () => rig.realtime.publish(by, { channel: 'news:a', data: 1, idempotencyKey: 'k' })
  const first = await publish()
  const again = { ...first, duplicate: true }
  expect(await publish()).toEqual(again)
  await rig.restart()
  expect(await publish()).toEqual(again)
  await rig.publish('news:a', 2)
  await expect.poll(() => data).toEqual([1, 2])
})

test('a client that floods is read more slowly and gets every answer', async () => {
  const rig = await startRealtime({ limits: { maxInFlight: 8 } })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(person('ola', 'operator')) }, id: 1 })
  for (let id = 2; id <= 501; id++) raw.send({ publish: { channel: 'news:a', data: id }, id })
  await raw.reply(501)
  expect(raw.received.filter(({ publish }) => publish !== undefined)).toHaveLength(500)
})

test('an rpc is answered by its handler, with its error, with 104 when unknown and 100 when it fails or takes too long', async () => {
  const aborted = Promise.withResolvers<void>()
  const rpc = new Map<string, RpcHandler>()
    .set('echo', async ({ data, identity }) => ({ data, by: identity.userId }))
    .set('refuse', () => Promise.reject(new RpcError(404, 'no such command')))
    .set('fail', () => Promise.reject(new Error('secret detail')))
    .set('hang', ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve())
      return new Promise(() => {})
    })
  const rig = await startRealtime({ rpc, limits: { rpcMs: 50 } })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  expect((await client.rpc('echo', { a: 1 })).data).toEqual({ data: { a: 1 }, by: 'ada' })
  await expect(client.rpc('refuse', null)).rejects.toMatchObject({ code: 404, message: 'no such command' })
  await expect(client.rpc('none', null)).rejects.toMatchObject({ code: 104 })
  await expect(client.rpc('fail', null)).rejects.toMatchObject({ code: 100, message: 'internal server error' })
  await expect(client.rpc('hang', null)).rejects.toMatchObject({ code: 100 })
  await aborted.promise
})

test('a shutdown closes clients with 3001, and they come back', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { getToken: async () => rig.identities.token(ada) }))
  const leaving = nextEvent<ConnectingContext>(client, 'connecting')
  const back = nextEvent(client, 'connected')
  await rig.restart()
  expect(await leaving).toMatchObject({ code: 3001, reason: 'shutdown' })
  await back
})

test('a shutdown does not wait for sockets that never answer', async () => {
  const rig = await startRealtime({ limits: { closeGraceMs: 100 } })
  const raw = await rawClient(rig)
  raw.socket.pause()
  await rig.stop()
  await expect(openRaw(rig.url)).rejects.toThrow()
})

test('during a shutdown an upgrade is answered with 503', async () => {
  const rig = await startRealtime()
  await rig.realtime[Symbol.asyncDispose]()
  await expect(openRaw(rig.url)).rejects.toThrow(/503/)
})

test('what is queued is delivered before the close', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.send({ subscribe: { channel: 'open:a' }, id: 2 })
  await raw.reply(2)
  const publishing = rig.publish('open:a', 'last words')
  rig.realtime.revoke({ kind: 'user', userId: 'ada' })
  await publishing
  expect(await raw.closed).toMatchObject({ code: 3503 })
  expect(raw.received.at(-1)?.push?.pub?.data).toBe('last words')
})

async function rawClient(rig: RealtimeRig): Promise<RawClient> {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  await raw.reply(1)
  return raw
}
