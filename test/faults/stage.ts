import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { type RedisOptions, type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { createKey, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { type Crowd, type CrowdReport, startCrowd } from './crowd.ts'
import { openPassage, type Passage } from './passage.ts'
import { type Publisher, startPublisher } from './publisher.ts'

/**
 * How large and how long. By default small enough for every run of the suite; the full size is
 * CARILLON_FAULTS_CLIENTS=1000 CARILLON_FAULTS_RATE=100 CARILLON_FAULTS_SECONDS=20.
 */
export const size = {
  clients: Number(process.env.CARILLON_FAULTS_CLIENTS ?? 60),
  /** How many of them are real SDKs. */
  sdkClients: 10,
  perSecond: Number(process.env.CARILLON_FAULTS_RATE ?? 100),
  /** Of publishing before the trouble, and after it. */
  seconds: Number(process.env.CARILLON_FAULTS_SECONDS ?? 2),
}

const channel = 'stream:a'
const namespaces = [
  {
    ...{ name: 'stream', history_size: 10_000, history_ttl: '1h', force_recovery: true },
    ...{ allow_subscribe_for_client: true, publish_roles: ['operator'] },
  },
]

/** Two nodes on one Redis, each with a folder of its own, and a crowd that follows one channel through either. */
export interface Stage extends AsyncDisposable {
  readonly redis: RedisServerOfTest
  readonly nodes: readonly [ServerProcess, ServerProcess]
  /** Between the first node and Redis. */
  readonly way: Passage
  readonly crowd: Crowd
  readonly publisher: Publisher
}

export async function openStage(options: RedisOptions = { appendOnly: true }): Promise<Stage> {
  await using parts = new AsyncDisposableStack()
  const redis = parts.use(await startRedis(options))
  const way = parts.use(await openPassage(redis.port))
  const secret = randomBytes(32).toString('hex')
  const start = async (redisUrl: string) =>
    parts.use(
      await startServerProcess({
        env: {
          CARILLON_REDIS_URL: redisUrl,
          CARILLON_NAMESPACES: JSON.stringify(namespaces),
          CARILLON_LIMITS: JSON.stringify({ recovery_publications: 10_000 }),
          CARILLON_CLIENT: JSON.stringify({ token: { hmac_secret_key: secret } }),
        },
      }),
    )
  const nodes = await Promise.all([start(`redis://127.0.0.1:${way.port}`), start(redis.url)])
  const keys = await Promise.all(nodes.map((node) => createKey(node, ['publish'])))
  const urls = nodes.map(({ url }) => `${url.replace('http', 'ws')}/connection/websocket`)
  const crowd = parts.use(
    await startCrowd({ urls, secret, channel, clients: size.clients, sdkClients: size.sdkClients }),
  )
  await until(crowd, 60_000, ({ places }) => places.every((place) => place !== null))
  const publisher = startPublisher({
    nodes: nodes.map(({ url }, n) => ({ url, key: keys[n] ?? '' })),
    ...{ channel, perSecond: size.perSecond },
  })
  parts.defer(() => publisher.stop())
  await until(crowd, 30_000, ({ received }) => received > size.clients)
  const opened = parts.move()
  return { redis, nodes, way, crowd, publisher, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

export interface Outcome extends CrowdReport {
  readonly refusals: ReadonlyMap<string, number>
  readonly acknowledged: Publisher['acknowledged']
}

/**
 * Publishes, makes trouble, publishes on, and comes to rest. Whatever the trouble: no promise is broken, everybody ends
 * where the stream ends, and what was acknowledged there has been seen.
 */
export async function through(
  { crowd, publisher }: Stage,
  title: string,
  trouble: () => Promise<void>,
): Promise<Outcome> {
  const before = await crowd.report()
  await pause(size.seconds * 1000)
  const began = performance.now()
  await trouble()
  const lasted = performance.now() - began
  await pause(size.seconds * 1000)
  await publisher.stop()
  const { acknowledged, refusals } = publisher
  const last = acknowledged.reduce((latest, each) => (each.n > latest.n ? each : latest))
  const top = acknowledged.filter(({ epoch }) => epoch === last.epoch).reduce((a, b) => (b.offset > a.offset ? b : a))
  const rest = performance.now()
  const isThere = ({ places }: CrowdReport) =>
    places.every((place) => place !== null && place.epoch === top.epoch && place.offset >= top.offset)
  const report = await until(crowd, 60_000, isThere)
  const seconds = (ms: number) => Number((ms / 1000).toFixed(1))
  process.stdout.write(
    `${title}: ${JSON.stringify({
      ...{ clients: size.clients, published: acknowledged.length, trouble: seconds(lasted) },
      received: report.received - before.received,
      ...{ lostConnections: report.lostConnections, lostSubscriptions: report.lostSubscriptions },
      ...{ recovered: report.recovered, told: report.told },
      ...{ longestSilence: seconds(report.longestSilence), toRest: seconds(performance.now() - rest) },
      refusals: Object.fromEntries(refusals),
      epochs: new Set(acknowledged.map(({ epoch }) => epoch)).size,
    })}\n`,
  )
  expect(report.violations).toEqual([])
  // Whoever was told began later in the stream; from the first place of anybody on, everything has been seen.
  for (const { n, offset, epoch } of acknowledged) {
    const seen = report.seen.get(`${epoch} ${offset}`)
    const isDue = epoch === top.epoch && offset > (report.firstPlaces.get(epoch) ?? 0)
    if (seen !== undefined || isDue) expect({ offset, n: seen }).toEqual({ offset, n })
  }
  const others = [...refusals.keys()].filter((what) => !/^(error 100|status 503 .*|no connection)$/.test(what))
  expect(others).toEqual([])
  return { ...report, refusals, acknowledged }
}

async function until(crowd: Crowd, ms: number, isSo: (report: CrowdReport) => boolean): Promise<CrowdReport> {
  const deadline = performance.now() + ms
  for (;;) {
    const report = await crowd.report()
    if (isSo(report)) return report
    if (performance.now() > deadline) {
      const { seen: _, places, ...rest } = report
      const where = new Map<string, number>()
      for (const place of places) {
        const at = place ? `${place.epoch} ${place.offset}` : 'not subscribed'
        where.set(at, (where.get(at) ?? 0) + 1)
      }
      throw new Error(`the crowd did not come so far: ${JSON.stringify({ ...rest, where: [...where].slice(0, 20) })}`)
    }
    await pause(200)
  }
}
