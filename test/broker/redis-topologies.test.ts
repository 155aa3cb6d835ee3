import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RedisOptions, type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { freePort } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { kept, notKept, publishMany } from './broker-behaviour.ts'
import { openRedisNode } from './redis-rig.ts'

describeWith(['redis'], 'more than one Redis', () => {
  test('in a cluster channels are spread, and every node of ours hears all of them, whichever it listens to', async () => {
    const masters = await startCluster()
    const channels = Array.from({ length: 20 }, (_, n) => `news:${n}`)
    const addresses = masters.map(({ port }) => `127.0.0.1:${port}`)
    const nodes = [
      await openRedisNode(`redis+cluster://${addresses.join(',')}`, { channels }),
      await openRedisNode(`redis+cluster://${addresses.toReversed().join(',')}`, { channels }),
    ]
    for (const channel of channels) {
      for (const { broker } of nodes) await publishMany(broker, 5, kept, channel)
      await nodes[0]?.broker.publish(channel, notKept, { data: '"x"', idempotencyKey: 'k' })
      await nodes[1]?.broker.addPresence(channel, { user: 'ada', client: '1' })
      expect(await nodes[0]?.broker.presence(channel)).toHaveLength(1)
      const page = await nodes[0]?.broker.history(channel, kept, { limit: 20 })
      expect(page?.publications.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    }
    for (const { told } of nodes) {
      await expect.poll(() => told.length).toBe(20 * 11)
      for (const channel of channels) {
        const offsets = told.filter((each) => each.channel === channel).map(({ publication }) => publication.offset)
        expect(offsets.filter((offset) => offset > 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      }
    }
    for (const master of masters) expect(Number(await master.ask('dbsize'))).toBeGreaterThan(10)
  })

  test('when the node of a cluster that ours listens to dies, it listens to another', async () => {
    const masters = await startCluster()
    const addresses = masters.map(({ port }) => `127.0.0.1:${port}`)
    const { broker, told, resumptions } = await openRedisNode(`redis+cluster://${addresses.join(',')}`, {
      channels: ['news:a'],
    })
    await publishMany(broker, 1)
    await expect.poll(() => told).toHaveLength(1)
    const listened = await Promise.all(masters.map(async (each) => String(await each.ask('pubsub', 'channels'))))
    await masters[listened.findIndex((topics) => topics.includes('news:a'))]?.ask('client', 'kill', 'type', 'pubsub')
    await expect.poll(resumptions).toBe(1)
    await publishMany(broker, 1)
    await expect.poll(() => told).toHaveLength(2)
    const now = await Promise.all(masters.map(async (each) => String(await each.ask('pubsub', 'channels'))))
    expect(now).toEqual(listened.toReversed())
  })

  test('when a replica takes over, sentinels say so, and its streams go on under another epoch', async () => {
    const master = await ownRedis({ args: ['--repl-diskless-sync-delay', '0'] })
    const replica = await ownRedis({ args: ['--replicaof', `127.0.0.1 ${master.port}`] })
    const sentinel = await startSentinel(master)
    await expect.poll(() => replica.ask('info', 'replication'), { timeout: 20_000 }).toMatch(/master_link_status:up/)
    await expect.poll(() => sentinel.output(), { timeout: 20_000 }).toMatch(/\+slave/)
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/bells`
    const { broker, told, resumptions } = await openRedisNode(url, { channels: ['news:a'] })
    const { epoch } = await publishMany(broker, 3)
    await expect.poll(() => replica.ask('xlen', 'carillon:{news:a}:stream')).toBe(3)
    await master.kill()
    const publish = () => broker.publish('news:a', kept, { data: '"4"' }).catch(() => null)
    let answer: Awaited<ReturnType<typeof publish>> = null
    await expect
      .poll(
        async () => {
          answer ??= await publish()
          return answer
        },
        { timeout: 30_000, interval: 200 },
      )
      .toMatchObject({ offset: 4, epoch: expect.not.stringMatching(epoch) })
    await expect.poll(resumptions, { timeout: 20_000 }).toBeGreaterThan(0)
    await publish()
    await expect.poll(() => told.at(-1)?.publication.data).toBe('"4"')
  })
})

async function ownRedis(options?: RedisOptions) {
  const redis = await startRedis(options)
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

/** Two masters, each with half of the slots. */
async function startCluster(): Promise<readonly RedisServerOfTest[]> {
  const clustered = async () =>
    ownRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] })
  const [first, second] = [await clustered(), await clustered()]
  await first.ask('cluster', 'addslotsrange', 0, 8_191)
  await second.ask('cluster', 'addslotsrange', 8_192, 16_383)
  const [, busPort] = /^\S+ \S+@(\d+)/m.exec(String(await second.ask('cluster', 'nodes'))) ?? []
  await first.ask('cluster', 'meet', '127.0.0.1', second.port, busPort ?? '')
  for (const each of [first, second]) {
    await expect
      .poll(() => each.ask('cluster', 'info'), { timeout: 20_000 })
      .toMatch(/cluster_state:ok[\s\S]*cluster_slots_ok:16384/)
  }
  return [first, second]
}

async function startSentinel(master: RedisServerOfTest) {
  const file = join(temporaryFolder(), 'sentinel.conf')
  const port = await freePort()
  await writeFile(
    file,
    `port ${port}
bind 127.0.0.1
sentinel monitor bells 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds bells 500
sentinel failover-timeout bells 5000
`,
  )
  const child = startChild('redis-server', [file, '--sentinel'])
  onTestFinished(() => child[Symbol.asyncDispose]())
  await child.waitFor(/\+monitor master bells/)
  return { port, output: child.output }
}
