import type { ConnectedContext, DisconnectedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { connectTo, openRaw } from '../support/raw-client.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')

test('who connects with a JWT is told when to refresh it', async () => {
  const rig = await startRealtime()
  const client = await openRaw(rig.url)
  client.send({ connect: { token: rig.identities.token(ada, 300) }, id: 41 })
  expect(await client.reply(41)).toEqual({
    id: 41,
    connect: {
      client: expect.stringMatching(/^[0-9a-f-]{36}$/),
      version: 'carillon 0.0',
      ping: 25,
      pong: true,
      expires: true,
      ttl: expect.toSatisfy((ttl: number) => ttl > 290 && ttl <= 300),
    },
  })
})

test('the SDK connects with a ticket, which never needs refreshing', async () => {
  const rig = await startRealtime()
  const client = sdk(rig.url, { token: rig.identities.ticket(ada) })
  const context = nextEvent<ConnectedContext>(client, 'connected')
  client.connect()
  expect((await context).transport).toBe('websocket')
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.ticket(ada) }, id: 1 })
  expect((await raw.reply(1)).connect).not.toHaveProperty('expires')
})

test('a client whose socket is cut comes back with another ticket', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { getToken: async () => rig.identities.ticket(ada) }))
  const again = nextEvent(client, 'connected')
  socketOf(client).terminate()
  await again
  expect(rig.realtime.isOnline('ada')).toBe(true)
})

test('a used ticket without another one ends the client as unauthorized', async () => {
  const rig = await startRealtime()
  const ticket = rig.identities.ticket(ada)
  await connected(sdk(rig.url, { token: ticket }))
  const second = sdk(rig.url, { token: ticket })
  const disconnected = nextEvent<DisconnectedContext>(second, 'disconnected')
  second.connect()
  expect(await disconnected).toMatchObject({ code: 1, reason: 'unauthorized' })
})

test('whom the upgrade already knew needs no token', async () => {
  const rig = await startRealtime({ known: ada })
  const client = await connected(sdk(rig.url))
  const { data } = await follow(client, 'news:a')
  await rig.publish('news:a', 1)
  await expect.poll(() => data).toEqual([1])
})

test('an expired JWT is answered with 109, and the SDK fetches another', async () => {
  const rig = await startRealtime()
  let asked = 0
  const client = sdk(rig.url, {
    token: rig.identities.token(ada, -10),
    getToken: async () => {
      asked += 1
      return rig.identities.token(ada)
    },
  })
  await connected(client)
  expect(asked).toBe(1)
})

test('a token that is not ours is terminal', async () => {
  const rig = await startRealtime()
  const client = sdk(rig.url, { token: 'forged' })
  const disconnected = nextEvent<DisconnectedContext>(client, 'disconnected')
  client.connect()
  expect(await disconnected).toMatchObject({ code: 3500, reason: 'invalid token' })
})

test('no token at all is terminal, and the reason says so', async () => {
  const rig = await startRealtime()
  const client = sdk(rig.url)
  const disconnected = nextEvent<DisconnectedContext>(client, 'disconnected')
  client.connect()
  expect(await disconnected).toMatchObject({ code: 3500, reason: 'token required' })
})

test('when verifying fails on our side the client is told to try again', async () => {
  const rig = await startRealtime()
  rig.identities.verifyConnectionToken = async () => {
    throw new Error('the store is away')
  }
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: 'any' }, id: 1 })
  expect((await raw.reply(1)).error).toEqual({ code: 100, message: 'internal server error', temporary: true })
})

test('when verifying takes too long the client is told to try again', async () => {
  const rig = await startRealtime({ limits: { answerMs: 50 } })
  const release = rig.identities.hold()
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  expect((await raw.reply(1)).error).toMatchObject({ code: 100, temporary: true })
  release()
})

test('a frame with connect and an optimistic subscribe is answered in that order, then come the publications', async () => {
  const rig = await startRealtime()
  await rig.publish('news:a', 'early')
  const release = rig.identities.hold()
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { subscribe: { channel: 'news:a', flag: 1 }, id: 2 },
    { publish: { channel: 'open:a', data: 1 }, id: 3 },
  )
  raw.send({ presence: { channel: 'news:a' }, id: 4 })
  expect(raw.received).toEqual([])
  release()
  await raw.reply(4)
  await rig.publish('news:a', 'late')
  await raw.message(({ push }) => push?.pub?.data === 'late')
  expect(raw.received[0]).toHaveProperty('connect')
  const subscribed = raw.received.findIndex(({ subscribe }) => subscribe !== undefined)
  const pushed = raw.received.findIndex(({ push }) => push?.pub !== undefined)
  expect(subscribed).toBeGreaterThan(0)
  expect(pushed).toBeGreaterThan(subscribed)
})

test('after a failed connect nothing else of the frame is answered, and the socket is closed in time', async () => {
  const rig = await startRealtime({ limits: { closeGraceMs: 100 } })
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada, -10) }, id: 1 },
    { subscribe: { channel: 'news:a' }, id: 2 },
    { rpc: { method: 'x' }, id: 3 },
  )
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 4 })
  expect(await raw.closed).toEqual({ code: 3005, reason: 'connection expired' })
  expect(raw.received).toEqual([{ id: 1, error: { code: 109, message: 'token expired' } }])
})

test('a command before connect is a bad request', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send({ subscribe: { channel: 'news:a' }, id: 1 })
  expect(await raw.closed).toEqual({ code: 3501, reason: 'bad request' })
})

test('a second connect is a bad request', async () => {
  const rig = await startRealtime({ known: ada })
  const raw = await openRaw(rig.url)
  raw.send({ connect: {}, id: 1 }, { connect: {}, id: 2 })
  expect(await raw.closed).toEqual({ code: 3501, reason: 'bad request' })
  expect(raw.received.map(({ id }) => id)).toEqual([1])
})

test('a socket on which nobody connects is stale', async () => {
  const rig = await startRealtime({ limits: { connectMs: 100 } })
  const raw = await openRaw(rig.url)
  expect(await raw.closed).toEqual({ code: 3502, reason: 'stale' })
})

test('the JSON encoding is chosen, and Protobuf alone is refused', async () => {
  const rig = await startRealtime()
  const both = await openRaw(rig.url, ['centrifuge-protobuf', 'centrifuge-json'])
  expect(both.socket.protocol).toBe('centrifuge-json')
  await expect(openRaw(rig.url, ['centrifuge-protobuf'])).rejects.toThrow(/400/)
  await expect(openRaw(`${rig.url}?cf_protocol=protobuf`)).rejects.toThrow(/400/)
  expect((await openRaw(rig.url)).socket.protocol).toBe('')
})

test('compression is not negotiated', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url, [], { perMessageDeflate: true })
  expect(raw.socket.extensions).toBe('')
})

test('beyond the limit of connections an upgrade is refused', async () => {
  const rig = await startRealtime({ limits: { maxConnections: 1 } })
  await connectTo(rig, ada)
  await expect(openRaw(rig.url)).rejects.toThrow(/503/)
})

test('neither tokens nor payloads are logged', async () => {
  const rig = await startRealtime()
  const token = rig.identities.token(ada)
  const client = await connected(sdk(rig.url, { token }))
  await follow(client, 'open:a')
  await client.publish('open:a', { word: 'xyzzy' })
  await expect(client.publish('open:a', 'xyzzy'.repeat(20_000))).rejects.toMatchObject({ code: 107 })
  const forged = sdk(rig.url, { token: 'forged-token' })
  forged.connect()
  await nextEvent(forged, 'disconnected')
  const log = rig.logged.join('')
  expect(log).toContain('connection open')
  expect(log).toContain('"user":"ada"')
  for (const secret of [token, 'forged-token', 'xyzzy']) expect(log).not.toContain(secret)
})
