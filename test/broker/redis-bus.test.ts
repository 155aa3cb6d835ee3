import pino from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { lostKind } from '#server/broker/bus.ts'
import { openRedisBus } from '#server/broker/redis-bus.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedis } from '#server/store/redis.ts'
import { describeWith } from '../support/needs.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['redis'], 'the bus on Redis', () => {
  let redis: RedisServerOfTest
  let count = 0
  let prefix = ''
  beforeAll(async () => {
    redis = await startRedis({ appendOnly: true })
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  test('what one node tells every node hears once, in order, and none of what was before it', async () => {
    prefix = `test-${++count}`
    const first = await openNode()
    await first.bus.tell('news', 'before')
    const second = await openNode()
    for (let n = 1; n <= 300; n++) void first.bus.tell('news', n)
    await second.bus.tell('news', 'last')
    await expect.poll(() => second.heard.length).toBe(301)
    expect(second.heard.filter((each) => typeof each === 'number')).toEqual(
      Array.from({ length: 300 }, (_, n) => n + 1),
    )
    await expect.poll(() => first.heard.length).toBe(302)
  })

  test('all are asked, and who fails or has nothing to say is silent', async () => {
    prefix = `test-${++count}`
    const [first, second, third] = [await openNode(), await openNode(), await openNode()]
    first.bus.handle('double', (payload) => Number(payload) * 2)
    second.bus.handle('double', async (payload) => ({ double: Number(payload) * 2 }))
    third.bus.handle('double', () => {
      throw new Error('a fault of its own')
    })
    const { answers, silent } = await first.bus.askAll('double', 21)
    expect(Object.fromEntries(answers)).toEqual({ [first.bus.node]: 42, [second.bus.node]: { double: 42 } })
    expect(silent).toEqual([third.bus.node])
  })

  test('one is asked by its name; whoever is not there or is late is null', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    second.bus.handle('who', () => 'second')
    second.bus.handle('late', () => new Promise(() => {}))
    expect(await first.bus.ask(second.bus.node, 'who', null)).toEqual({ answer: 'second' })
    expect(await first.bus.ask(first.bus.node, 'who', null)).toBeNull()
    const started = performance.now()
    expect(await first.bus.ask('nobody', 'who', null, 10_000)).toBeNull()
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(await first.bus.ask(second.bus.node, 'late', null, 50)).toBeNull()
  })

  test('nodes that live are known, and those that leave or die are not', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    const both = [first.bus.node, second.bus.node].toSorted()
    expect((await first.bus.nodes()).toSorted()).toEqual(both)
    await second.bus[Symbol.asyncDispose]()
    expect(await first.bus.nodes()).toEqual([first.bus.node])
    await redis.ask('zadd', `{${prefix}}:nodes`, Date.now() - 11_000, 'died')
    expect(await first.bus.nodes()).toEqual([first.bus.node])
  })

  test('a node that was cut off hears what was told meanwhile, in order', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    await first.bus.tell('news', 1)
    await expect.poll(() => second.heard).toEqual([1])
    second.cutOff()
    for (const n of [2, 3, 4]) await first.bus.tell('news', n)
    await expect.poll(() => second.heard).toEqual([1, 2, 3, 4])
  })

  test('while Redis is away this node is told and whoever told it is too; afterwards all goes on', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    await first.bus.tell('news', 1)
    expect(await first.bus.nodes()).toHaveLength(2)
    await redis.kill()
    await expect(first.bus.tell('news', 'lost')).rejects.toMatchObject({ name: 'BrokerError', code: 'unavailable' })
    expect(first.heard).toEqual([1, 'lost'])
    first.bus.handle('who', () => 'first')
    const { answers, silent } = await first.bus.askAll('who', null)
    expect(Object.fromEntries(answers)).toEqual({ [first.bus.node]: 'first' })
    expect(silent).toEqual([second.bus.node])
    await redis.start()
    await expect
      .poll(() =>
        first.bus.tell('news', 2).then(
          () => 'told',
          () => 'not',
        ),
      )
      .toBe('told')
    await expect.poll(() => second.heard.at(-1)).toBe(2)
    expect(second.heard[0]).toBe(1)
    second.bus.handle('who', () => 'second')
    const askAgain = () => first.bus.ask(second.bus.node, 'who', null)
    await expect.poll(askAgain).toEqual({ answer: 'second' })
  })

  test('a node that may have missed messages says so', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    await first.bus.tell('news', 1)
    await expect.poll(() => second.heard).toEqual([1])
    const lost: unknown[] = []
    second.bus.handle(lostKind, (payload) => void lost.push(payload))
    second.cutOff()
    await first.bus.tell('news', 2)
    await expect.poll(() => second.heard).toEqual([1, 2])
    expect(lost).toEqual([])
    await redis.ask('del', `{${prefix}}:bus`)
    second.cutOff()
    await expect.poll(() => lost).toEqual([null])
    expect(second.logged.join()).toMatch(/may have been lost/)
    await first.bus.tell('news', 3)
    await expect.poll(() => second.heard).toEqual([1, 2, 3])
  })

  test('a node hears on from a Redis that has forgotten all and whose clock is behind', async () => {
    prefix = `test-${++count}`
    const node = await openNode()
    const lost: unknown[] = []
    node.bus.handle(lostKind, (payload) => void lost.push(payload))
    const stream = `{${prefix}}:bus`
    const tomorrow = Date.now() + 24 * 3600 * 1000
    const message = (payload: unknown) => JSON.stringify({ type: 'tell', from: 'another', kind: 'news', payload })
    await redis.ask('xadd', stream, `${tomorrow}-0`, 'm', message(1))
    await expect.poll(() => node.heard).toEqual([1])
    await redis.ask('del', stream)
    await redis.ask('xadd', stream, '*', 'm', message('before anybody looked'))
    node.cutOff()
    await expect.poll(() => lost).toEqual([null])
    await redis.ask('xadd', stream, '*', 'm', message(2))
    await expect.poll(() => node.heard).toEqual([1, 2])
  })

  test('what is on the bus is bounded, and a stranger there does no harm', async () => {
    prefix = `test-${++count}`
    const [first, second] = [await openNode(), await openNode()]
    await redis.ask('xadd', `{${prefix}}:bus`, '*', 'm', 'not ours')
    await Promise.all(Array.from({ length: 11_000 }, () => first.bus.tell('bulk', null)))
    expect(Number(await redis.ask('xlen', `{${prefix}}:bus`))).toBeLessThan(10_500)
    await first.bus.tell('news', 'after')
    await expect.poll(() => second.heard).toEqual(['after'])
  })

  async function openNode() {
    const logged: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) })
    const store = await openRedis({ target: redisUrl.parse(redis.url), prefix, log })
    onTestFinished(() => store[Symbol.asyncDispose]())
    let reader: { disconnect(reconnect?: boolean): void } | undefined
    const connect: typeof store.connect = async (use) => {
      const connection = await store.connect(use)
      if (use === 'reader') reader = connection.client
      return connection
    }
    const bus = await openRedisBus({ redis: { ...store, connect }, log })
    onTestFinished(() => bus[Symbol.asyncDispose]())
    const heard: unknown[] = []
    bus.handle('news', (payload) => void heard.push(payload))
    return { bus, heard, logged, cutOff: () => reader?.disconnect(true) }
  }
})
