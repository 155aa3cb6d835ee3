import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type Outcome, openStage, size, through } from './stage.ts'

const timeout = 180_000 + size.seconds * 4_000

/** Nobody is told of a loss that there was not, and every number has come to everybody who was there. */
function expectWhole({ told, acknowledged, received }: Outcome): void {
  expect(told).toBe(0)
  expect(new Set(acknowledged.map(({ epoch }) => epoch)).size).toBe(1)
  expect(new Set(acknowledged.map(({ offset }) => offset)).size).toBe(acknowledged.length)
  expect(received).toBe(size.clients * acknowledged.length)
}

/** But the SDK gives a connection up on which a subscribe has not been answered for five seconds. */
function expectSocketsKept({ lostConnections }: Outcome): void {
  expect(lostConnections).toBeLessThanOrEqual(size.sdkClients)
}

describeWith(['redis'], 'two nodes on one Redis, and a crowd that follows one channel', () => {
  test('either node is killed and starts again: its clients go to the other one and miss nothing', {
    timeout,
  }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'either node killed', async () => {
      for (const node of stage.nodes) {
        await node.kill()
        await pause(1_000)
        await node.start()
      }
    })
    expectWhole(outcome)
    // Half of them, and then all: nobody goes back by itself.
    expect(outcome.lostConnections).toBeGreaterThanOrEqual(size.clients)
    expect(outcome.recovered).toBeGreaterThanOrEqual(size.clients)
  })

  test('Redis is killed and comes back with its data: nobody misses anything', { timeout }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'Redis killed, data kept', async () => {
      await stage.redis.kill()
      await pause(1_000)
      await stage.redis.start()
    })
    expectWhole(outcome)
    expectSocketsKept(outcome)
    expect(outcome.refusals.size).toBeGreaterThan(0)
  })

  test('Redis is killed and comes back with nothing: everybody is told', { timeout }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'Redis killed, data lost', async () => {
      await stage.redis.kill()
      await pause(1_000)
      await stage.redis.start({ data: 'lost' })
    })
    expectSocketsKept(outcome)
    expect(outcome.told).toBeGreaterThanOrEqual(size.clients)
    expect(new Set(outcome.acknowledged.map(({ epoch }) => epoch)).size).toBe(2)
  })

  test('Redis is killed and comes back with what it knew a moment ago: everybody is told', { timeout }, async () => {
    await using stage = await openStage({ appendOnly: false })
    const outcome = await through(stage, 'Redis killed, data of a moment ago', async () => {
      await stage.redis.ask('save')
      await pause(1_000)
      await stage.redis.kill()
      await stage.redis.start()
    })
    expectSocketsKept(outcome)
    expect(outcome.told).toBeGreaterThanOrEqual(size.clients)
    expect(new Set(outcome.acknowledged.map(({ epoch }) => epoch)).size).toBe(2)
  })

  test('Redis comes back without its last second, as it may after a power failure: everybody is told', {
    timeout,
  }, async () => {
    await using stage = await openStage({ appendOnly: true, args: ['--appendfsync', 'everysec'] })
    const outcome = await through(stage, 'Redis killed, last second lost', async () => {
      await stage.redis.kill()
      await stage.redis.start({ data: 'torn' })
    })
    expectSocketsKept(outcome)
    expect(outcome.told).toBeGreaterThanOrEqual(size.clients)
    expect(new Set(outcome.acknowledged.map(({ epoch }) => epoch)).size).toBe(2)
  })

  test('Redis stops and goes on: nobody misses anything', { timeout }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'Redis stopped', async () => {
      stage.redis.pause()
      await pause(6_000)
      stage.redis.resume()
    })
    expectWhole(outcome)
    expectSocketsKept(outcome)
  })

  test('one node is cut off from Redis without being told: its clients catch up', { timeout }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'a silent partition', async () => {
      stage.way.set('silent')
      await pause(6_000)
      stage.way.set('open')
    })
    expectWhole(outcome)
    expectSocketsKept(outcome)
    expect(outcome.recovered).toBeGreaterThanOrEqual(size.clients / 2)
  })

  test('every connection of one node to Redis is reset: its clients catch up', { timeout }, async () => {
    await using stage = await openStage()
    const outcome = await through(stage, 'a partition that resets', async () => {
      stage.way.set('reset')
      await pause(3_000)
      stage.way.set('open')
    })
    expectWhole(outcome)
    expectSocketsKept(outcome)
    expect(outcome.recovered).toBeGreaterThanOrEqual(size.clients / 2)
  })
})
