import { setTimeout as pause } from 'node:timers/promises'
import type { SubscribedContext } from 'centrifuge'
import { expect, onTestFinished, test } from 'vitest'
import { openPassage } from '../faults/passage.ts'
import { describeWith } from '../support/needs.ts'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, sdk } from '../support/realtime-sdk.ts'
import { type RedisOptions, startRedis } from '../support/redis.ts'

describeWith(['redis'], 'clients of two nodes on one Redis', () => {
  test('see each other come, be there and go', async () => {
    const redis = await ownRedis()
    const [one, other] = [await startNode(redis.url), await startNode(redis.url)]
    const ada = await connected(sdk(one.url, { token: one.identities.token(person('ada')) }))
    const { subscription } = await follow(ada, 'talk:a', { joinLeave: true })
    const seen: string[] = []
    subscription.on('join', ({ info }) => void seen.push(`${info.user} came`))
    subscription.on('leave', ({ info }) => void seen.push(`${info.user} went`))
    const ben = await connected(sdk(other.url, { token: other.identities.token(person('ben')) }))
    await follow(ben, 'talk:a')
    const users = async () =>
      Object.values((await subscription.presence()).clients)
        .map(({ user }) => user)
        .toSorted()
    await expect.poll(users).toEqual(['ada', 'ben'])
    ben.disconnect()
    await expect.poll(users).toEqual(['ada'])
    await expect.poll(() => seen.filter((each) => each.startsWith('ben'))).toEqual(['ben came', 'ben went'])
  })

  test('who is revoked at one node is out at the other', async () => {
    const redis = await ownRedis()
    const [one, other] = [await startNode(redis.url), await startNode(redis.url)]
    const ada = await connected(sdk(other.url, { token: other.identities.token(person('ada')) }))
    const gone = new Promise<number>((resolve) => ada.once('disconnected', ({ code }) => resolve(code)))
    one.realtime.revoke({ kind: 'session', sessionId: 'session-of-ada' })
    expect(await gone).toBe(3503)
  })

  test('get what was published while their node did not listen, though nothing comes after it', async () => {
    const redis = await ownRedis()
    const [one, other] = [await startNode(redis.url), await startNode(redis.url)]
    const { data, runs } = await startFollower(other)
    await one.publish('news:a', 1)
    await expect.poll(() => data).toEqual([1])
    await redis.ask('client', 'kill', 'type', 'pubsub')
    await one.publish('news:a', 2)
    expect(data).toEqual([1])
    await expect.poll(() => data).toEqual([1, 2])
    expect(runs).toHaveLength(1)
  })

  test('of a node that is cut off from Redis end complete, while the other goes on', async () => {
    const redis = await ownRedis()
    const passage = await openPassage(redis.port)
    onTestFinished(() => passage[Symbol.asyncDispose]())
    const near = await startNode(redis.url)
    const far = await startNode(`redis://127.0.0.1:${passage.port}`)
    const clients = [await startFollower(near), await startFollower(far), await startFollower(far)]
    await near.publish('news:a', 1)
    for (const { data } of clients) await expect.poll(() => data).toEqual([1])
    passage.set('silent')
    for (const n of [2, 3, 4]) await near.publish('news:a', n)
    await expect.poll(() => clients[0]?.data).toEqual([1, 2, 3, 4])
    const asking = far.broker.history('news:a', { size: 10, ttlSeconds: 60 }, { limit: 0 })
    await expect(asking).rejects.toMatchObject({ code: 'unavailable' })
    // Noticed: from now on nothing is sent that might arrive later.
    await expect(far.publish('news:a', 'nobody')).rejects.toThrow(/Redis is away/)
    passage.set('open')
    for (const { data, runs } of clients) {
      await expect.poll(() => data, { timeout: 20_000 }).toEqual([1, 2, 3, 4])
      expect(runs).toHaveLength(1)
    }
  })

  for (const [fault, options, disturb] of [
    [
      'killed and started again',
      { appendOnly: true },
      async (redis) => {
        await redis.kill()
        await pause(300)
        await redis.start()
      },
    ],
    [
      'killed and started without its data',
      { appendOnly: true },
      async (redis) => {
        await redis.kill()
        await redis.start({ data: 'lost' })
      },
    ],
    [
      'silent for five seconds',
      {},
      async (redis) => {
        redis.pause()
        await pause(5_000)
        redis.resume()
      },
    ],
    [
      'cutting all connections',
      {},
      async (redis) => {
        for (const type of ['normal', 'pubsub']) await redis.ask('client', 'kill', 'type', type, 'skipme', 'yes')
      },
    ],
  ] satisfies [string, RedisOptions, (redis: Awaited<ReturnType<typeof ownRedis>>) => Promise<void>][]) {
    test(`with a Redis ${fault}, every client ends complete and in order, or was told that it could not be`, async () => {
      const redis = await ownRedis(options)
      const nodes = [await startNode(redis.url), await startNode(redis.url)]
      const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => startFollower(nodes[n % 2] ?? fail())))
      const publishing = publishSteadily(nodes)
      await pause(300)
      await disturb(redis)
      await expect.poll(publishing.acknowledgedLately, { timeout: 20_000 }).toBe(true)
      const acknowledged = await publishing.stop()
      const last = acknowledged.at(-1)
      for (const client of clients) {
        await expect.poll(() => client.data.at(-1), { timeout: 20_000 }).toBe(last)
        for (const run of client.runs) expect(run).toEqual(run.toSorted((a, b) => a - b))
        // Complete from wherever it was told that it had to begin anew.
        const whole = client.runs.at(-1) ?? []
        const [begin = 0] = whole
        const missing = acknowledged.filter((n) => n >= begin && !whole.includes(n))
        expect(missing).toEqual([])
        if (client.runs.length === 1) expect(begin).toBe(acknowledged[0])
      }
    })
  }
})

interface Follower {
  readonly data: number[]
  /** What came between one being told that it cannot recover and the next. */
  readonly runs: number[][]
}

async function startFollower(node: RealtimeRig): Promise<Follower> {
  const client = await connected(sdk(node.url, { token: node.identities.token(person('ada'), 3_600) }))
  const data: number[] = []
  const runs: number[][] = [[]]
  const { subscription } = await follow(client, 'news:a')
  subscription.on('publication', (publication) => {
    data.push(publication.data)
    runs.at(-1)?.push(publication.data)
  })
  subscription.on('subscribed', ({ wasRecovering, recovered }: SubscribedContext) => {
    if (wasRecovering && !recovered) runs.push([])
  })
  return { data, runs }
}

/** Counts up, at both nodes in turn, until it is stopped; what was refused is not tried again. */
function publishSteadily(nodes: readonly RealtimeRig[]) {
  const acknowledged: number[] = []
  const stopped = new AbortController()
  onTestFinished(() => stopped.abort())
  let lastAt = 0
  let refusedAt = 0
  const publishing = (async () => {
    for (let n = 1; !stopped.signal.aborted; n++) {
      const node = nodes[n % 2] ?? fail()
      try {
        await node.publish('news:a', n)
        acknowledged.push(n)
        lastAt = performance.now()
      } catch {
        refusedAt = performance.now()
      }
      await pause(10)
    }
  })()
  return {
    /** Both nodes publish again, and have for a second. */
    acknowledgedLately: () => lastAt > refusedAt + 1_000 && performance.now() - lastAt < 500,
    async stop(): Promise<readonly number[]> {
      stopped.abort()
      await publishing
      return acknowledged
    },
  }
}

function startNode(redisUrl: string): Promise<RealtimeRig> {
  return startRealtime({ redisUrl })
}

async function ownRedis(options?: RedisOptions) {
  const redis = await startRedis(options)
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

function fail(): never {
  throw new Error('there is no such node')
}
