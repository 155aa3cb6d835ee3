import type { DisconnectedContext, SubscribedContext, UnsubscribedContext } from 'centrifuge'
import { createRemoteJWKSet, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { collect, jwtFor, next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, signIn, startServerProcess } from '../support/server-process.ts'

test('the unmodified SDK connects with a ticket, subscribes, and publishes where it may', async () => {
  await using server = await startServerProcess()
  const operator = await signIn(server, 'ola@example.org', 'operator')
  using sdk = sdkClient(server, { getToken: ticketFor(server, operator.token) })
  sdk.client.connect()
  const { subscription, received } = await collect(sdk.client, 'news:general')
  await subscription.publish({ title: 'Lunch' })
  await vi.waitFor(() => expect(received).toEqual([{ title: 'Lunch' }]))
})

test('the unmodified SDK connects with a JWT, and a viewer may read but not publish', async () => {
  await using server = await startServerProcess()
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: jwtFor(server, viewer.token) })
  sdk.client.connect()
  const { subscription, received } = await collect(sdk.client, 'news:general')
  await expect(subscription.publish({ title: 'Lunch' })).rejects.toMatchObject({ code: 103 })
  await server.cli(['publish', 'news:general', '{"from":"the shell"}'])
  await vi.waitFor(() => expect(received).toEqual([{ from: 'the shell' }]))
})

test('a viewer may not listen to commands, and nobody to a channel outside every namespace', async () => {
  await using server = await startServerProcess()
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, viewer.token) })
  sdk.client.connect()
  const refusal = (channel: string) => {
    const subscription = sdk.client.newSubscription(channel)
    const unsubscribed = next<UnsubscribedContext>(subscription as never, 'unsubscribed')
    subscription.subscribe()
    return unsubscribed
  }
  expect(await refusal('commands:lobby-1')).toMatchObject({ code: 103 })
  expect(await refusal('weather:today')).toMatchObject({ code: 102 })
})

test('a client whose server was killed gets what it missed, once and in order', async () => {
  await using server = await startServerProcess()
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, viewer.token) })
  sdk.client.connect()
  const { subscription, received } = await collect(sdk.client, 'news:general')
  await server.cli(['publish', 'news:general', '1'])
  await vi.waitFor(() => expect(received).toEqual([1]))
  await server.kill()
  for (const n of [2, 3]) await server.cli(['publish', 'news:general', String(n)])
  const back = next<SubscribedContext>(subscription as never, 'subscribed')
  await server.start()
  expect(await back).toMatchObject({ wasRecovering: true, recovered: true })
  await server.cli(['publish', 'news:general', '4'])
  await vi.waitFor(() => expect(received).toEqual([1, 2, 3, 4]))
})

test('a ticket opens one socket and no second', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  const ticket = await ticketFor(server, token)()
  const url = `${server.url.replace('http', 'ws')}/connection/websocket?ticket=${ticket}`
  const open = () =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(url)
      socket.once('open', () => resolve('open'))
      socket.once('error', (error) => resolve(error.message))
      setTimeout(() => socket.terminate(), 3000).unref()
    })
  expect(await open()).toBe('open')
  expect(await open()).toMatch(/401/)
  using sdk = sdkClient(server, { token: ticket })
  const disconnected = next<DisconnectedContext>(sdk.client as never, 'disconnected')
  sdk.client.connect()
  // The server answers 109, with which the SDK fetches a new ticket where it can; this client cannot.
  expect(await disconnected).toMatchObject({ code: 1, reason: 'unauthorized' })
})

test('the published keys verify a JWT, and one with another audience or from another key opens nothing', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  const jwt = await jwtFor(server, token)()
  const { payload, protectedHeader } = await jwtVerify(jwt, createRemoteJWKSet(new URL('/api/auth/jwks', server.url)))
  expect(protectedHeader.alg).toBe('EdDSA')

  const { privateKey } = await generateKeyPair('EdDSA')
  const forged = await new SignJWT(payload).setProtectedHeader({ ...protectedHeader, alg: 'EdDSA' }).sign(privateKey)
  const parts = jwt.split('.')
  const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString())
  const otherAudience = [
    parts[0],
    Buffer.from(JSON.stringify({ ...claims, aud: 'elsewhere' })).toString('base64url'),
    parts[2],
  ].join('.')
  for (const bad of [forged, otherAudience]) {
    using sdk = sdkClient(server, { token: bad })
    const disconnected = next<DisconnectedContext>(sdk.client as never, 'disconnected')
    sdk.client.connect()
    expect(await disconnected).toMatchObject({ code: 3500 })
  }
})

test('ending a session closes its socket within a second, and it stays away', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: jwtFor(server, token) })
  sdk.client.connect()
  await collect(sdk.client, 'news:general')
  const disconnected = next<DisconnectedContext>(sdk.client as never, 'disconnected')
  const before = performance.now()
  await server.api('DELETE', '/api/v1/token', { headers: bearer(token) })
  expect(await disconnected).toMatchObject({ code: 3503 })
  expect(performance.now() - before).toBeLessThan(1000)
})

test('a clean stop tells clients to come back, and they do', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
  sdk.client.connect()
  const { received } = await collect(sdk.client, 'news:general')
  const away = next<{ code: number }>(sdk.client as never, 'connecting')
  const code = server.stop()
  expect(await away).toMatchObject({ code: 3001 })
  expect(await code).toBe(0)
  const connected = next(sdk.client as never, 'connected')
  await server.start()
  await connected
  await server.cli(['publish', 'news:general', '"again"'])
  await vi.waitFor(() => expect(received).toEqual(['again']))
})

test('a key with the scope subscribe may tail from elsewhere', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['publish', 'subscribe'])
  const { status, body } = await server.api('POST', '/api/v1/tickets', { headers: { 'x-api-key': key } })
  expect(status).toBe(201)
  using sdk = sdkClient(server, { token: (body as { ticket: string }).ticket })
  sdk.client.connect()
  const { received } = await collect(sdk.client, 'news:general')
  await server.api('POST', '/api/publish', {
    headers: { 'x-api-key': key },
    body: { channel: 'news:general', data: 1 },
  })
  await vi.waitFor(() => expect(received).toEqual([1]))
})
