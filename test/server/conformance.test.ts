import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { expect, test, vi } from 'vitest'
import { next, sdkClient } from '../support/sdk-client.ts'
import { freePort, runCarillon, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const config = join(import.meta.dirname, '../conformance.json')
const key = { 'x-api-key': 'test-api-key' }
const sign = (claims: Record<string, unknown>, secret = 'secret') =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
const publish = (server: ServerProcess, channel: string, data: unknown) =>
  server.api('POST', '/api/publish', { headers: key, body: { channel, data } })

test('with the profile of the SDK’s own tests anybody connects, subscribes, publishes and sees who is there', async () => {
  await using server = await startServerProcess({ config })
  using sdk = sdkClient(server)
  sdk.client.connect()
  const subscription = sdk.client.newSubscription('test')
  const received: unknown[] = []
  subscription.on('publication', ({ data }) => void received.push(data))
  subscription.subscribe()
  await subscription.ready(10_000)
  await subscription.publish({ from: 'the client' })
  expect(await publish(server, 'test', { from: 'the key' })).toMatchObject({ body: { result: { offset: 2 } } })
  await vi.waitFor(() => expect(received).toEqual([{ from: 'the client' }, { from: 'the key' }]))
  expect(await subscription.presenceStats()).toMatchObject({ numClients: 1, numUsers: 1 })
  expect((await subscription.history({ limit: 10 })).publications).toHaveLength(2)
  await expect(sdk.client.rpc('any', {})).rejects.toMatchObject({ code: 108 })
})

test('with the profile tokens are verified all the same, for the connection and for channels', async () => {
  await using server = await startServerProcess({ config })
  using sdk = sdkClient(server, { token: await sign({ sub: 'ada', info: { name: 'Ada' } }) })
  sdk.client.connect()
  const subscription = sdk.client.newSubscription('$recovery:board', {
    token: await sign({ sub: 'ada', channel: '$recovery:board', info: { seat: 4 } }),
  })
  subscription.subscribe()
  await subscription.ready(10_000)
  await publish(server, '$recovery:board', 1)
  const { publications } = await subscription.history({ limit: 1 })
  expect(publications).toMatchObject([{ data: 1, offset: 1 }])
  using forger = sdkClient(server, { token: await sign({ sub: 'ada' }, 'sesame') })
  const disconnected = next(forger.client as never, 'disconnected')
  forger.client.connect()
  expect(await disconnected).toMatchObject({ code: 3500, reason: 'invalid token' })
  expect(server.output()).not.toMatch(/"secret"|test-api-key/)
})

test('the key of the profile opens the server API and nothing else', async () => {
  await using server = await startServerProcess({ config })
  for (const path of ['/api/v1/users', '/api/v1/keys', '/api/v1/me', '/api/v1/devices']) {
    expect((await server.api('GET', path, { headers: key })).body, path).toMatchObject({ code: 'forbidden' })
  }
  expect((await server.api('POST', '/api/v1/tickets', { headers: key })).body).toMatchObject({ code: 'forbidden' })
  const wrong = await server.api('POST', '/api/publish', {
    ...{ headers: { 'x-api-key': 'test-api-kez' }, body: { channel: 'test', data: 1 } },
  })
  expect(wrong.body).toMatchObject({ code: 'invalid_token' })
})

test('the profile does not start where others could reach it', async () => {
  const port = String(await freePort())
  const args = ['serve', '--config', config, '--port', port, '--data', temporaryFolder(), '--host', '0.0.0.0']
  const { code, output } = await runCarillon(args)
  expect(code).not.toBe(0)
  expect(output).toMatch(/client\.insecure: .*loopback/)
  expect(output).toMatch(/config_invalid/)
  const secured = join(temporaryFolder(), 'carillon.json')
  const { client, ...rest } = JSON.parse(await readFile(config, 'utf8'))
  await writeFile(secured, JSON.stringify({ ...rest, client: { ...client, insecure: false } }))
  const weak = await runCarillon(['serve', '--config', secured, '--port', port, '--data', temporaryFolder()])
  expect(weak.output).toMatch(/client\.token\.hmac_secret_key: give at least 32 bytes/)
  expect(weak.output).toMatch(/http_api\.key: give at least 32 bytes/)
})
