import pino from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedis } from '#server/store/redis.ts'
import { createRedisEphemeral } from '#server/store/redis-ephemeral.ts'
import { describeWith } from '../support/needs.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['redis'], 'short-lived values in Redis', () => {
  let redis: RedisServerOfTest
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  test('of two nodes that take the same value at the same time one gets it', async () => {
    const nodes = [await openNode('one'), await openNode('one')]
    for (let n = 0; n < 50; n++) await nodes[0]?.put(`ticket-${n}`, `value-${n}`, 20_000)
    const taken = await Promise.all(
      Array.from({ length: 50 }, (_, n) => Promise.all(nodes.map((node) => node.take(`ticket-${n}`)))),
    )
    for (const [n, pair] of taken.entries()) expect(pair.filter((each) => each !== null)).toEqual([`value-${n}`])
  })

  test('a value ends when its time is up', async () => {
    const node = await openNode('two')
    await node.put('a', 'x', 30)
    await node.put('b', 'y', 20_000)
    await expect.poll(() => redis.ask('exists', 'two:{a}:value')).toBe(0)
    expect(await node.take('a')).toBeNull()
    expect(await node.read('b')).toBe('y')
    expect(await node.take('b')).toBe('y')
    expect(await node.read('b')).toBeNull()
  })

  test('nodes count together, in windows that begin with the first event', async () => {
    const [one, other] = [await openNode('three'), await openNode('three')]
    const first = await one.count('ada', 1_000)
    expect(first.count).toBe(1)
    expect(first.endsInMs).toBeLessThanOrEqual(1_000)
    const second = await other.count('ada', 1_000)
    expect(second.count).toBe(2)
    expect(second.endsInMs).toBeLessThanOrEqual(first.endsInMs)
    expect(second.endsInMs).toBeGreaterThanOrEqual(1)
    await expect.poll(() => redis.ask('exists', 'three:{ada}:count')).toBe(0)
    expect((await one.count('ada', 20_000)).count).toBe(1)
    await other.forget('ada')
    expect((await one.count('ada', 20_000)).count).toBe(1)
  })

  test('a Redis that is full or away is told apart', async () => {
    const node = await openNode('four')
    await redis.ask('config', 'set', 'maxmemory', '1')
    await expect(node.put('a', 'x', 1_000)).rejects.toMatchObject({ name: 'EphemeralError', code: 'full' })
    await redis.kill()
    await expect(node.take('a')).rejects.toMatchObject({ name: 'EphemeralError', code: 'unavailable' })
    await expect(node.count('a', 1_000)).rejects.toMatchObject({ code: 'unavailable' })
    await redis.start()
  })

  async function openNode(prefix: string) {
    const store = await openRedis({ target: redisUrl.parse(redis.url), prefix, log: pino({ level: 'silent' }) })
    onTestFinished(() => store[Symbol.asyncDispose]())
    return createRedisEphemeral(store)
  }
})
