import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ConnectedContext, ConnectingContext, DisconnectedContext } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RpcHandler } from '#server/realtime/rpc.ts'
import { emulatedSdk, overHttp } from '../support/emulated-sdk.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')

describe.each(['http_stream', 'sse'] as const)('over %s', (transport) => {
  test('a client connects, subscribes, publishes and calls', async () => {
    const rpc = new Map<string, RpcHandler>([['echo', async ({ data }) => data]])
    const rig = await startRealtime({ rpc })
    const client = emulatedSdk(rig, transport, { token: rig.identities.token(ada) })
    const connectedContext = nextEvent<ConnectedContext>(client, 'connected')
    await connected(client)
    expect(await connectedContext).toMatchObject({ client: expect.any(String), transport })
    const { subscription, data } = await follow(client, 'small:room')
    await subscription.publish({ text: 'käse 🧀' })
    await rig.publish('small:room', 'from the server')
    await expect.poll(() => data).toEqual([{ text: 'käse 🧀' }, 'from the server'])
    expect((await subscription.history({ limit: 10 })).publications).toHaveLength(2)
    expect(await client.rpc('echo', { deep: [1] })).toEqual({ data: { deep: [1] } })
  })

  test('a client sees who is there and who comes and goes', async () => {
    const rig = await startRealtime()
    const client = emulatedSdk(rig, transport, { token: rig.identities.token(ada) })
    await connected(client)
    const { subscription } = await follow(client, 'talk:hall', { joinLeave: true })
    const joined: string[] = []
    subscription.on('join', ({ info }) => void joined.push(info.user))
    const other = emulatedSdk(rig, transport, { token: rig.identities.token(person('bob')) })
    await connected(other)
    await follow(other, 'talk:hall')
    await expect.poll(() => joined).toContain('bob')
    expect(Object.values((await subscription.presence()).clients).map(({ user }) => user)).toEqual(
      expect.arrayContaining(['ada', 'bob']),
    )
    const left = nextEvent<{ info: { user: string } }>(subscription, 'leave')
    other.disconnect()
    expect((await left).info.user).toBe('bob')
  })

  test('a client whose stream breaks comes back and gets what it missed', async () => {
    const rig = await startRealtime()
    const client = emulatedSdk(rig, transport, { token: rig.identities.token(ada) })
    await connected(client)
    const { data } = await follow(client, 'small:room')
    await rig.publish('small:room', 1)
    await expect.poll(() => data).toEqual([1])
    const leaving = nextEvent(client, 'connecting')
    rig.cutStreams()
    await leaving
    await rig.publish('small:room', 2)
    await expect.poll(() => data).toEqual([1, 2])
  })

  test('a client refreshes its token', async () => {
    const rig = await startRealtime({ limits: { refreshGraceMs: 1_500 } })
    let tokens = 0
    const getToken = async () => {
      tokens += 1
      return rig.identities.token(ada, 2)
    }
    const client = emulatedSdk(rig, transport, { getToken })
    const leaving: unknown[] = []
    await connected(client)
    client.on('connecting', (context) => void leaving.push(context))
    await expect.poll(() => tokens).toBe(3)
    expect(leaving).toEqual([])
  })

  test('an expired token is renewed, a false one is final', async () => {
    const rig = await startRealtime()
    const getToken = async () => rig.identities.token(ada)
    const client = emulatedSdk(rig, transport, { token: rig.identities.token(ada, -5), getToken })
    await connected(client)
    const forger = emulatedSdk(rig, transport, { token: 'forged' })
    const ended = nextEvent<DisconnectedContext>(forger, 'disconnected')
    forger.connect()
    expect(await ended).toMatchObject({ code: 3500, reason: 'invalid token' })
  })

  test('a client is told why it has to go, and when the server stops it comes back', async () => {
    const rig = await startRealtime()
    const client = emulatedSdk(rig, transport, { getToken: async () => rig.identities.token(ada) })
    await connected(client)
    const leaving = nextEvent<ConnectingContext>(client, 'connecting')
    const back = nextEvent(client, 'connected')
    await rig.restart()
    expect(await leaving).toMatchObject({ code: 3001, reason: 'shutdown' })
    await back
    const ended = nextEvent<DisconnectedContext>(client, 'disconnected')
    rig.realtime.revoke({ kind: 'user', userId: 'ada' })
    expect(await ended).toMatchObject({ code: 3503, reason: expect.stringMatching(/^access ended/) })
  })

  test('a client that answers pings stays', async () => {
    const rig = await startRealtime({ limits: { pingMs: 1_000, pongMs: 900 } })
    const posted: string[] = []
    const over = overHttp(rig.httpUrl, (data) => void posted.push(data))
    const client = emulatedSdk(rig, transport, { ...over, token: rig.identities.token(ada) })
    await connected(client)
    const leaving: unknown[] = []
    client.on('connecting', (context) => void leaving.push(context))
    await expect.poll(() => posted.filter((data) => data === '{}').length).toBeGreaterThanOrEqual(3)
    expect(leaving).toEqual([])
  })
})

test('a client whose WebSocket is blocked goes over an HTTP stream by itself', async () => {
  const rig = await startRealtime()
  const wall = createServer().listen(0, '127.0.0.1')
  wall.on('upgrade', (_request, socket) => socket.destroy())
  onTestFinished(() => void wall.close())
  await once(wall, 'listening')
  const { port } = wall.address() as AddressInfo
  const client = sdk(
    [
      { transport: 'websocket', endpoint: `ws://127.0.0.1:${port}/connection/websocket` },
      { transport: 'http_stream', endpoint: `${rig.httpUrl}/connection/http_stream` },
    ],
    { ...overHttp(rig.httpUrl), token: rig.identities.token(ada) },
  )
  const context = nextEvent<ConnectedContext>(client, 'connected')
  await connected(client)
  expect((await context).transport).toBe('http_stream')
  const { data } = await follow(client, 'small:room')
  await rig.publish('small:room', 1)
  await expect.poll(() => data).toEqual([1])
})
