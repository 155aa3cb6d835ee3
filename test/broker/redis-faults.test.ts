import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Broker } from '#server/broker/broker.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedis } from '#server/store/redis.ts'
import { describeWith } from '../support/needs.ts'
import { type RedisOptions, startRedis } from '../support/redis.ts'
import { freePort } from '../support/server-process.ts'
import { deaf, kept, notKept, publishMany } from './broker-behaviour.ts'
import { openRedisNode } from './redis-rig.ts'

describeWith(['redis'], 'when Redis is in trouble', () => {
  test('killed and back with its data: refused at once meanwhile, then epoch, offsets and subscriptions go on', async () => {
    const redis = await ownRedis({ appendOnly: true })
    const { broker, told, resumptions } = await openRedisNode(redis.url, { channels: ['news:a', 'news:b', 'open:a'] })
    const { epoch } = await publishMany(broker, 3)
    await expect.poll(() => told).toHaveLength(3)
    await redis.kill()
    await expect.poll(() => codeOf(broker.publish('news:a', kept, { data: '"x"' }))).toBe('unavailable')
    const started = performance.now()
    const refusals = await Promise.all([
      codeOf(broker.publish('news:a', kept, { data: '"x"' })),
      codeOf(broker.publish('open:a', notKept, { data: '"x"' })),
      codeOf(broker.history('news:a', kept, { limit: 1 })),
      codeOf(broker.subscribe('news:c')),
      codeOf(broker.addPresence('news:a', { user: 'ada', client: '1' })),
      codeOf(broker.presence('news:a')),
      codeOf(broker.announce('news:a', 'join', { user: 'ada', client: '1' })),
    ])
    expect(new Set(refusals)).toEqual(new Set(['unavailable']))
    expect(performance.now() - started).toBeLessThan(500)
    await redis.start()
    await expect.poll(resumptions).toBe(1)
    const next = await publishWhenBack(broker)
    expect(next).toMatchObject({ offset: 4, epoch })
    await broker.publish('news:b', kept, { data: '"b"' })
    await broker.publish('open:a', notKept, { data: '"open"' })
    await expect
      .poll(() => told.slice(3).map(({ publication }) => publication.data))
      .toEqual(['"back"', '"b"', '"open"'])
  })

  test('a connection that is closed is not said to be away', async () => {
    const redis = await ownRedis()
    const { redis: store, broker, logged } = await openRedisNode(redis.url)
    const { client } = store.commands
    const closed = new Promise((resolve) => client.once('end', resolve))
    await broker[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await closed
    expect(logged.join()).toMatch(/Redis is there/)
    expect(logged.join()).not.toMatch(/away/)
  })

  test('what this node holds is present again after Redis has lost everything', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    await broker.addPresence('talk:a', { user: 'ada', client: '1' })
    await redis.kill()
    await redis.start({ data: 'lost' })
    const users = async () => (await broker.presence('talk:a').catch(() => [])).map(({ user }) => user)
    await expect.poll(users).toEqual(['ada'])
  })

  test('whoever is told that the way works again can read at once', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url, { channels: ['news:a'] })
    const outcomes: string[] = []
    const resumed = async () => void outcomes.push(await codeOf(broker.history('news:a', kept, { limit: 0 })))
    broker.listen({ ...deaf, resumed: () => void resumed() })
    for (let round = 1; round <= 5; round++) {
      await redis.kill()
      await redis.start()
      await expect.poll(() => outcomes).toEqual(Array(round).fill('done'))
    }
  })

  test('back without its data: another epoch, and offsets begin anew', async () => {
    const redis = await ownRedis({ appendOnly: true })
    const { broker } = await openRedisNode(redis.url)
    const { epoch } = await publishMany(broker, 3)
    await redis.kill()
    await redis.start({ data: 'lost' })
    const next = await publishWhenBack(broker)
    expect(next.offset).toBe(1)
    expect(next.epoch).not.toBe(epoch)
    expect(await broker.history('news:a', kept, { limit: 10, since: { offset: 3, epoch } })).toMatchObject({
      publications: [],
      epoch: next.epoch,
    })
  })

  test('emptied while it runs: another epoch for whoever reads first', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    const { epoch } = await publishMany(broker, 3)
    await redis.ask('flushall')
    const page = await broker.history('news:a', kept, { limit: 10 })
    expect(page).toMatchObject({ publications: [], offset: 0 })
    expect(page.epoch).not.toBe(epoch)
    expect(await broker.publish('news:a', kept, { data: '1' })).toMatchObject({ offset: 1, epoch: page.epoch })
  })

  test('without the entries but with their offsets, or the other way round, nothing is mistaken for whole', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    const { epoch } = await publishMany(broker, 3)
    await redis.ask('del', 'carillon:{news:a}:stream')
    expect(await broker.history('news:a', kept, { limit: 10 })).toEqual({ publications: [], offset: 3, epoch })
    expect(await broker.publish('news:a', kept, { data: '"4"' })).toMatchObject({ offset: 4, epoch })
    await redis.ask('del', 'carillon:{news:a}:meta')
    const anew = await broker.publish('news:a', kept, { data: '"1"' })
    expect(anew.offset).toBe(1)
    expect(anew.epoch).not.toBe(epoch)
    const { publications } = await broker.history('news:a', kept, { limit: 10 })
    expect(publications.map(({ data }) => data)).toEqual(['"1"'])
  })

  test('back at an older snapshot: what is left stays readable, and goes on under another epoch', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    const { epoch } = await publishMany(broker, 3)
    await redis.ask('save')
    await publishMany(broker, 2)
    await redis.kill()
    await redis.start()
    const next = await publishWhenBack(broker)
    expect(next.offset).toBe(4)
    expect(next.epoch).not.toBe(epoch)
    const page = await broker.history('news:a', kept, { limit: 10 })
    expect(page.publications.map(({ data }) => data)).toEqual(['1', '2', '3', '"back"'])
    expect(page.epoch).toBe(next.epoch)
  })

  test('full: publishers are told, nobody else is, no offset is burnt, and it works when there is room', async () => {
    const redis = await ownRedis()
    const { broker, told } = await openRedisNode(redis.url, { channels: ['news:a'] })
    await publishMany(broker, 1)
    await redis.ask('config', 'set', 'maxmemory', '1')
    expect(await errorOf(broker.publish('news:a', kept, { data: '"x"' }))).toMatchObject({
      code: 'write_failed',
      message: expect.stringMatching(/maxmemory/),
    })
    expect(await codeOf(broker.history('news:new', kept, { limit: 1 }))).toBe('write_failed')
    expect((await broker.history('news:a', kept, { limit: 10 })).publications).toHaveLength(1)
    await redis.ask('config', 'set', 'maxmemory', '0')
    expect(await broker.publish('news:a', kept, { data: '"2"' })).toMatchObject({ offset: 2 })
    await expect.poll(() => told.map(({ publication }) => publication.offset)).toEqual([1, 2])
  })

  test('a replica that takes no writes: publishers are told what to do, and reading goes on', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    await publishMany(broker, 1)
    await redis.ask('replicaof', '127.0.0.1', await freePort())
    expect(await errorOf(broker.publish('news:a', kept, { data: '"x"' }))).toMatchObject({
      code: 'write_failed',
      message: expect.stringMatching(/replica.*redis_url/),
    })
    expect((await broker.history('news:a', kept, { limit: 10 })).publications).toHaveLength(1)
    await redis.ask('replicaof', 'no', 'one')
    expect(await broker.publish('news:a', kept, { data: '"2"' })).toMatchObject({ offset: 2 })
  })

  test('slow: a publication waits for its answer and is there once', async () => {
    const redis = await ownRedis()
    const { broker, resumptions } = await openRedisNode(redis.url)
    await publishMany(broker, 1)
    redis.pause()
    const waiting = broker.publish('news:a', kept, { data: '"2"' })
    setTimeout(redis.resume, 1_000)
    expect(await waiting).toMatchObject({ offset: 2 })
    expect(resumptions()).toBe(0)
  })

  test('silent: every publisher is told within seconds, however many there are, and it goes on when it answers', async () => {
    const redis = await ownRedis()
    const { broker, told, resumptions } = await openRedisNode(redis.url, { channels: ['news:a'] })
    const { epoch } = await publishMany(broker, 1)
    redis.pause()
    onTestFinished(redis.resume)
    const started = performance.now()
    const outcomes: Promise<unknown>[] = []
    for (let round = 0; round < 20; round++) {
      outcomes.push(codeOf(broker.publish('news:a', kept, { data: '"x"' })))
      await new Promise(setImmediate)
    }
    expect(await Promise.all(outcomes)).toEqual(Array(20).fill('unavailable'))
    expect(performance.now() - started).toBeLessThan(5_000)
    await expect.poll(() => codeOf(broker.subscribe('news:b'))).toBe('unavailable')
    redis.resume()
    await expect.poll(resumptions).toBe(1)
    const next = await publishWhenBack(broker)
    expect(next.epoch).toBe(epoch)
    await expect.poll(() => told.at(-1)?.publication).toMatchObject({ offset: next.offset, data: '"back"' })
  })

  test('who publishes is told whether it may have been published all the same', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    const publish = () => broker.publish('news:a', kept, { data: '"x"', idempotencyKey: 'k' })
    redis.pause()
    onTestFinished(redis.resume)
    expect(await errorOf(publish())).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/may have been published all the same: repeat it with the same idempotency key/),
    })
    // Now it is known that nobody can be asked.
    expect(await errorOf(publish())).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/nothing was done/),
    })
    redis.resume()
    // The first did arrive.
    await expect.poll(() => publish().catch(() => null)).toMatchObject({ offset: 1, duplicate: true })
  })

  test('silent without anybody publishing: noticed within ten seconds', async () => {
    const redis = await ownRedis()
    const { logged } = await openRedisNode(redis.url, { channels: ['news:a'] })
    redis.pause()
    onTestFinished(redis.resume)
    const away = () =>
      logged
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg === 'Redis is away')
        .map(({ use }) => use)
    await expect.poll(() => away().toSorted()).toEqual(['commands', 'subscriber'])
  })

  test('more than may wait is refused with a code, and the rest is not lost', async () => {
    const redis = await ownRedis()
    const { broker } = await openRedisNode(redis.url)
    redis.pause()
    const outcomes = Array.from({ length: 20_001 }, () => codeOf(broker.publish('news:a', kept, { data: '1' })))
    expect(await outcomes.at(-1)).toBe('full')
    redis.resume()
    expect(new Set(await Promise.all(outcomes.slice(0, -1)))).toEqual(new Set(['done']))
  })

  test('not there at the start: one sentence with what to do, and no password in it', async () => {
    const log = pino({ level: 'silent' })
    const port = await freePort()
    const target = redisUrl.parse(`redis://ada:secret@127.0.0.1:${port}`)
    const error = await errorOf(openRedis({ target, prefix: 'carillon', log, patienceMs: 300 }))
    expect(error).toMatchObject({
      code: 'redis_unreachable',
      message: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*redis_url/),
    })
    expect(String(error)).not.toMatch(/secret/)
  })

  test('a wrong password, or none, is said at once', async () => {
    const redis = await ownRedis({ password: 'right' })
    const logged: string[] = []
    const log = pino({ level: 'trace' }, { write: (line) => void logged.push(line) })
    for (const url of [redis.url.replace('right', 'mistaken'), `redis://127.0.0.1:${redis.port}`]) {
      const opening = openRedis({ target: redisUrl.parse(url), prefix: 'carillon', log })
      expect(await errorOf(opening)).toMatchObject({ code: 'redis_refused' })
    }
    expect(logged.join('')).toMatch(/WRONGPASS/)
    expect(logged.join('')).not.toMatch(/mistaken/)
    const { broker } = await openRedisNode(redis.url)
    expect(await publishMany(broker, 1)).toMatchObject({ offset: 1 })
    await redis.ask('acl', 'setuser', 'bob', 'on', '>pw', '~*', '&*', '+@all', '-info')
    const target = redisUrl.parse(`redis://bob:pw@127.0.0.1:${redis.port}`)
    expect(await errorOf(openRedis({ target, prefix: 'carillon', log }))).toMatchObject({
      code: 'redis_refused',
      message: expect.stringMatching(/NOPERM/),
    })
  })
})

async function ownRedis(options?: RedisOptions) {
  const redis = await startRedis(options)
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return null
  } catch (error) {
    return error
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await errorOf(work)
  return error === null ? 'done' : ((error as { code?: string }).code ?? String(error))
}

async function publishWhenBack(broker: Broker) {
  const publish = () => broker.publish('news:a', kept, { data: '"back"' }).catch(() => null)
  let answer = await publish()
  await expect
    .poll(async () => {
      answer ??= await publish()
      return answer
    })
    .not.toBeNull()
  if (answer === null) throw new Error('not back')
  return answer
}
