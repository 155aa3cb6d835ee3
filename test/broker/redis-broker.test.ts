import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { describeBroker, kept, notKept, publishMany } from './broker-behaviour.ts'
import { openRedisNode } from './redis-rig.ts'

describeWith(['redis'], 'the broker on Redis', () => {
  let redis: RedisServerOfTest
  let count = 0
  const newPrefix = () => `test-${++count}`
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  describeBroker((channels = []) => openRedisNode(redis.url, { channels, prefix: newPrefix() }))

  test('publishing with history is one command, and so are reading it and publishing without', async () => {
    const { broker } = await openRedisNode(redis.url, { channels: ['news:a'], prefix: newPrefix() })
    await broker.publish('news:a', kept, { data: '1' })
    await broker.history('news:a', kept, { limit: 10 })
    await redis.countCommands()
    for (let n = 0; n < 5; n++) await broker.publish('news:a', kept, { data: '1', idempotencyKey: `${n}` })
    await broker.history('news:a', kept, { limit: 10 })
    await broker.publish('open:a', notKept, { data: '1' })
    const counts = await redis.countCommands()
    // What a script calls counts too: here only what comes over the wire.
    expect(counts.get('evalsha')).toBe(6)
    expect(counts.has('eval')).toBe(false)
    expect(counts.get('publish')).toBe(6)
  })

  test('two nodes agree on epoch and offsets, and each is told everything in the order of offsets', async () => {
    const prefix = newPrefix()
    const nodes = await Promise.all([1, 2].map(() => openRedisNode(redis.url, { channels: ['news:a'], prefix })))
    const answers = await Promise.all(
      nodes.flatMap(({ broker }, node) =>
        Array.from({ length: 500 }, (_, n) => broker.publish('news:a', kept, { data: `"${node}-${n}"` })),
      ),
    )
    expect(new Set(answers.map(({ epoch }) => epoch)).size).toBe(1)
    const inOrder = Array.from({ length: 1000 }, (_, n) => n + 1)
    expect(answers.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual(inOrder)
    for (const { told } of nodes) {
      await expect.poll(() => told.map(({ publication }) => publication.offset)).toEqual(inOrder)
    }
  })

  test('a node is told only what it is subscribed to, and the last word counts', async () => {
    const { broker, told } = await openRedisNode(redis.url, { prefix: newPrefix() })
    await Promise.all([broker.subscribe('news:a'), broker.subscribe('news:b')])
    broker.unsubscribe('news:a')
    broker.unsubscribe('news:b')
    await broker.subscribe('news:b')
    await publishMany(broker, 1, kept, 'news:a')
    await publishMany(broker, 1, kept, 'news:b')
    await expect.poll(() => told.map(({ channel }) => channel)).toEqual(['news:b'])
  })

  test('installations with different prefixes share a Redis and nothing else', async () => {
    const one = await openRedisNode(redis.url, { channels: ['news:a'], prefix: newPrefix() })
    const other = await openRedisNode(redis.url, { channels: ['news:a'], prefix: newPrefix() })
    const answers = [await publishMany(one.broker, 2), await publishMany(other.broker, 1)]
    expect(answers.map(({ offset }) => offset)).toEqual([2, 1])
    expect(answers[0]?.epoch).not.toBe(answers[1]?.epoch)
    await expect.poll(() => [one.told.length, other.told.length]).toEqual([2, 1])
  })

  test('a channel grows neither beyond its size nor its age, and forgets the keys of what is gone', async () => {
    const prefix = newPrefix()
    const { broker } = await openRedisNode(redis.url, { prefix })
    const policy = { size: 10, ttlSeconds: 3600 }
    const keyed = (n: number) => broker.publish('news:a', policy, { data: `${n}`, idempotencyKey: `k${n}` })
    await Promise.all(Array.from({ length: 50 }, (_, n) => keyed(n)))
    expect(await redis.ask('xlen', `${prefix}:{news:a}:stream`)).toBe(10)
    expect(await redis.ask('hlen', `${prefix}:{news:a}:keys`)).toBe(10)
    expect(await keyed(0)).toMatchObject({ offset: 51, duplicate: false })
    for (const [key, most] of [
      ['stream', 3_600_000],
      ['keys', 3_600_000],
      ['meta', 91 * 24 * 3_600_000],
    ] as const) {
      const left = Number(await redis.ask('pttl', `${prefix}:{news:a}:${key}`))
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(most)
    }
  })

  test('what a node was about to do when it was closed is done', async () => {
    const prefix = newPrefix()
    const [staying, leaving] = [await openRedisNode(redis.url, { prefix }), await openRedisNode(redis.url, { prefix })]
    const clients = Array.from({ length: 200 }, (_, n) => `${n}`)
    await Promise.all(clients.map((client) => leaving.broker.addPresence('talk:a', { user: 'ada', client })))
    const removed = Promise.allSettled(clients.map((client) => leaving.broker.removePresence('talk:a', client)))
    await leaving.broker[Symbol.asyncDispose]()
    await leaving.redis[Symbol.asyncDispose]()
    expect((await removed).map(({ status }) => status)).not.toContain('rejected')
    expect(await staying.broker.presence('talk:a')).toEqual([])
  })

  test('presence of a node that died ends by itself, and that of a living one does not', async () => {
    const prefix = newPrefix()
    const presence = { lifetimeMs: 600, prolongMs: 150 }
    const living = await openRedisNode(redis.url, { prefix, presence })
    const dying = await openRedisNode(redis.url, { prefix, presence })
    await living.broker.addPresence('talk:a', { user: 'ada', client: 'a' })
    await dying.broker.addPresence('talk:a', { user: 'ben', client: 'b' })
    const users = async () => (await living.broker.presence('talk:a')).map(({ user }) => user).toSorted()
    expect(await users()).toEqual(['ada', 'ben'])
    await dying.broker[Symbol.asyncDispose]()
    await expect.poll(users).toEqual(['ada'])
    const clients = () => redis.ask('hkeys', `${prefix}:{talk:a}:clients`)
    await expect.poll(clients).toEqual(['a'])
    await redis.ask('del', `${prefix}:{talk:a}:clients`, `${prefix}:{talk:a}:ends`)
    await expect.poll(users).toEqual(['ada'])
  })
})
