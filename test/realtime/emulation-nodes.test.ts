import { expect, test } from 'vitest'
import { emulatedSdk } from '../support/emulated-sdk.ts'
import { describeWith } from '../support/needs.ts'
import { connectByStream, emulate } from '../support/raw-stream.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow } from '../support/realtime-sdk.ts'
import { startRedis } from '../support/redis.ts'

const ada = person('ada')

describeWith(['redis'], 'with two nodes', () => {
  test('commands that reach another node than the stream are passed on, in order', async () => {
    await using redis = await startRedis()
    const one = await startRealtime({ redisUrl: redis.url, known: ada })
    const other = await startRealtime({ redisUrl: redis.url })
    const { session, node, ...stream } = await connectByStream(one.httpUrl, 'http_stream', {})
    const post = (data: string) => emulate(other.httpUrl, { session, node, data })
    expect(await post('{"id":2,"subscribe":{"channel":"small:a"}}\n{"id":3,"unsubscribe":{"channel":"small:a"}}')).toBe(
      204,
    )
    await stream.message(({ id }) => id === 3)
    expect(stream.received.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(await emulate(other.httpUrl, { session: 'guessed', node, data: '{}' })).toBe(204)
    await one.stop()
    expect(await post('{}')).toBe(404)
  })

  test('the unmodified SDK streams from one node and sends to the other', async () => {
    await using redis = await startRedis()
    const one = await startRealtime({ redisUrl: redis.url })
    const other = await startRealtime({ redisUrl: redis.url })
    const emulationEndpoint = `${other.httpUrl}/emulation`
    const client = emulatedSdk(one, 'sse', { emulationEndpoint, token: one.identities.token(ada) })
    await connected(client)
    const { subscription, data } = await follow(client, 'small:room')
    await subscription.publish(1)
    await other.publish('small:room', 2)
    await expect.poll(() => data).toEqual([1, 2])
  })

  test('while Redis is away the node of the stream takes commands, and from the other it cannot be reached', async () => {
    await using redis = await startRedis()
    const one = await startRealtime({ redisUrl: redis.url, known: ada })
    const other = await startRealtime({ redisUrl: redis.url })
    const { session, node, post } = await connectByStream(one.httpUrl, 'sse', {})
    await redis.kill()
    expect(await post({})).toBe(204)
    expect(await emulate(other.httpUrl, { session, node, data: '{}' })).toBe(404)
    await redis.start()
  })
})
