import type { SubscribedContext } from 'centrifuge'
import { expect, test, vi } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { collect, next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import {
  createKey,
  freePort,
  runCarillon,
  type ServerProcess,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describeWith(['redis'], 'two nodes on one Redis', () => {
  test('what is published at one reaches clients of the other, also those that were away', async () => {
    await using redis = await startRedis()
    await using one = await startNode(redis)
    await using other = await startNode(redis)
    using sdk = await connectedClient(other)
    const { subscription, received } = await collect(sdk.client, 'news:general')
    await one.cli(['publish', 'news:general', '1'])
    await vi.waitFor(() => expect(received).toEqual([1]))
    await other.kill()
    await one.cli(['publish', 'news:general', '2'])
    const back = next<SubscribedContext>(subscription as never, 'subscribed')
    await other.start()
    expect(await back).toMatchObject({ wasRecovering: true, recovered: true })
    await one.cli(['publish', 'news:general', '3'])
    await vi.waitFor(() => expect(received).toEqual([1, 2, 3]))
  })

  test('the server API of one steers the clients of the other, and says so when that one does not answer', async () => {
    await using redis = await startRedis()
    await using one = await startNode(redis)
    await using other = await startNode(redis)
    const headers = { 'x-api-key': await createKey(one, ['admin']) }
    const call = async (method: string, body: unknown) =>
      (await one.api('POST', `/api/${method}`, { headers, body })).body
    const { id: user, token } = await signIn(other, 'ada@example.org', 'viewer')
    using sdk = sdkClient(other, { getToken: ticketFor(other, token) })
    sdk.client.connect()
    await sdk.client.ready(10_000)
    expect(await call('subscribe', { user, channel: 'news:a' })).toEqual({ result: {} })
    await vi.waitFor(async () =>
      expect(await call('channels', {})).toEqual({ result: { channels: { 'news:a': { num_clients: 1 } } } }),
    )
    expect(await call('info', {})).toMatchObject({ result: { nodes: [expect.anything(), expect.anything()] } })
    expect(await call('publish', { channel: 'news:a', data: 1, version: 5 })).toMatchObject({ result: { offset: 1 } })
    expect(await call('publish', { channel: 'news:a', data: 1, version: 5 })).toMatchObject({ result: { offset: 1 } })
    await other.kill()
    expect(await call('unsubscribe', { user, channel: 'news:a' })).toMatchObject({ status: 503, code: 'unavailable' })
    await other.start()
    await sdk.client.ready(20_000)
    const gone = next<{ code: number }>(sdk.client as never, 'disconnected')
    await vi.waitFor(async () => expect(await call('disconnect', { user })).toEqual({ result: {} }), {
      timeout: 40_000,
      interval: 500,
    })
    expect(await gone).toMatchObject({ code: 3503 })
  })

  test('while Redis is away sockets stay and publishers get 503; when it is back all goes on', async () => {
    await using redis = await startRedis({ appendOnly: true })
    await using one = await startNode(redis)
    await using other = await startNode(redis)
    const key = await createKey(one, ['publish'])
    using sdk = await connectedClient(other)
    const { received } = await collect(sdk.client, 'news:general')
    let disconnects = 0
    sdk.client.on('disconnected', () => (disconnects += 1)).on('connecting', () => (disconnects += 1))
    expect(await publish(one, key, 1)).toBe(200)
    await redis.kill()
    await vi.waitFor(async () => expect(await publish(one, key, 'nobody')).toBe(503))
    const refused = one.output().match(/.*publication not taken.*/g) ?? []
    expect(refused.length).toBeGreaterThan(0)
    for (const line of refused) expect(line).not.toMatch(/stack|at async/)
    const { code, output } = await one.cli(['publish', 'news:general', '"nobody"', '--idempotency-key', 'k-1'])
    expect([code, output]).toEqual([1, expect.stringMatching(/add --idempotency-key k-1.*\[unavailable\]/s)])
    await expect(sdk.client.history('news:general', { limit: 1 })).rejects.toMatchObject({ code: 100, temporary: true })
    await redis.start()
    await vi.waitFor(async () => expect(await publish(one, key, 2)).toBe(200), { interval: 100 })
    await vi.waitFor(() => expect(received).toEqual([1, 2]))
    expect(disconnects).toBe(0)
  })

  test('readiness and metrics tell of a Redis that is silent or gone, and of its return', async () => {
    await using redis = await startRedis()
    await using node = await startServerProcess({
      env: { REDIS_URL: redis.url, CARILLON_METRICS: '{"public":true}' },
    })
    const ready = () => node.api('GET', '/health/ready')
    const engineUp = async () =>
      /^carillon_engine_up (\d)/m.exec(await (await fetch(`${node.url}/metrics`)).text())?.[1]
    expect([(await ready()).body, await engineUp()]).toEqual([{ status: 'ok' }, '1'])
    redis.pause()
    const asked = performance.now()
    expect((await ready()).body).toMatchObject({ status: 503, code: 'unavailable' })
    expect(performance.now() - asked).toBeLessThan(3_000)
    redis.resume()
    await vi.waitFor(async () => expect((await ready()).status).toBe(200), { interval: 100 })
    await redis.kill()
    await vi.waitFor(async () => expect((await ready()).status).toBe(503))
    expect(await engineUp()).toBe('0')
    expect((await node.api('GET', '/health/live')).status).toBe(200)
  })

  test('when Redis has lost its data, subscribers are told that they cannot recover', async () => {
    await using redis = await startRedis({ appendOnly: true })
    await using one = await startNode(redis)
    using sdk = await connectedClient(one)
    const { subscription, received } = await collect(sdk.client, 'news:general')
    await one.cli(['publish', 'news:general', '1'])
    await vi.waitFor(() => expect(received).toEqual([1]))
    await redis.kill()
    const again = next<SubscribedContext>(subscription as never, 'subscribed')
    await redis.start({ data: 'lost' })
    expect(await again).toMatchObject({ wasRecovering: true, recovered: false })
    await one.cli(['publish', 'news:general', '2'])
    await vi.waitFor(() => expect(received).toEqual([1, 2]))
  })

  test('a Redis that is not there keeps the server from starting, with one sentence', async () => {
    const env = { REDIS_URL: `redis://:secret@127.0.0.1:${await freePort()}` }
    const { code, output } = await runCarillon(['serve', '--port', '0', '--data', temporaryFolder()], { env })
    expect(code).toBe(1)
    expect(output).toMatch(/does not answer.*ECONNREFUSED.*redis_url.*\[redis_unreachable\]/)
    expect(output).not.toMatch(/secret/)
  })

  test('doctor says where Redis is, and what is wrong with it', async () => {
    await using redis = await startRedis({ appendOnly: true })
    const finding = async () => {
      const { output } = await runCarillon(['doctor', '--json', '--data', temporaryFolder()], {
        env: { REDIS_URL: redis.url },
      })
      return output
    }
    expect(await finding()).toMatch(new RegExp(`"Redis",\\s*"ok":\\s*true,.*at 127\\.0\\.0\\.1:${redis.port}`))
    await redis.ask('config', 'set', 'maxmemory', '100mb')
    await redis.ask('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    expect(await finding()).toMatch(/"ok":\s*false,.*maxmemory-policy noeviction/)
  })
})

function startNode(redis: RedisServerOfTest): Promise<ServerProcess> {
  return startServerProcess({ env: { REDIS_URL: redis.url } })
}

async function connectedClient(server: ServerProcess) {
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  const sdk = sdkClient(server, { getToken: ticketFor(server, viewer.token) })
  sdk.client.connect()
  return sdk
}

async function publish(server: ServerProcess, key: string, data: unknown): Promise<number> {
  const body = { channel: 'news:general', data }
  return (await server.api('POST', '/api/publish', { headers: { 'x-api-key': key }, body })).status
}
