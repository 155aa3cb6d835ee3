import { request } from 'node:http'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import type { KeyScope } from '#protocol/roles.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedisEngine } from '#server/engine.ts'
import { createMetricsReader } from '#server/http/metrics-reader.ts'
import { createMetrics } from '#server/metrics/metrics.ts'
import { describeWith } from '../support/needs.ts'
import { startRedis } from '../support/redis.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

test('metrics are for administrators and for keys with the scope metrics', async () => {
  await using server = await startServerProcess()
  const read = (headers: Record<string, string> = {}) => fetch(`${server.url}/metrics`, { headers })
  expect((await read()).status).toBe(401)
  expect((await read({ 'x-forwarded-for': '127.0.0.1' })).status).toBe(401)
  expect((await read(bearer((await signIn(server, 'ola@example.org', 'operator')).token))).status).toBe(403)
  expect((await read(await keyFor(server, 'publish'))).status).toBe(403)
  expect((await read(bearer((await signIn(server, 'ada@example.org', 'admin')).token))).status).toBe(200)

  const answer = await read(await keyFor(server, 'metrics'))
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await answer.text()
  for (const name of ['carillon_connections', 'carillon_deliveries_total', 'nodejs_eventloop_lag_p99_seconds']) {
    expect(text).toMatch(new RegExp(`^# TYPE ${name} `, 'm'))
  }
  expect(await overLocalSocket(server, '/metrics')).toMatch(/^process_resident_memory_bytes \d/m)
})

test('metrics are for everybody where the site says so', async () => {
  await using server = await startServerProcess({ env: { CARILLON_METRICS: '{"public":true}' } })
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200)
})

test('what a publication does can be seen in the metrics', async () => {
  await using server = await startServerProcess({ env: { CARILLON_METRICS: '{"public":true}' } })
  expect((await server.cli(['publish', 'news:general', '{"title":"Lunch"}'])).code).toBe(0)
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(text).toContain('carillon_publications_total{namespace="news",source="http"} 1\n')
  expect(text).toContain('carillon_publish_duration_seconds_count 1\n')
  expect(text).toMatch(/^carillon_history_group_size_count [1-9]/m)
  expect(text).toContain('carillon_engine_up 1\n')
  expect(text).not.toContain('general')
})

describeWith(['redis'], 'on one Redis', () => {
  test('the processes of one machine are read as one, and those of another by themselves', async () => {
    await using redis = await startRedis()
    const log = pino({ level: 'silent' })
    await using parts = new AsyncDisposableStack()
    const startNode = async (installation: string, deliveries: number) => {
      const target = redisUrl.parse(redis.url)
      const { bus } = parts.use(await openRedisEngine({ target, prefix: 'carillon', log }))
      const metrics = createMetrics()
      metrics.counts.deliveries += deliveries
      return parts.use(createMetricsReader({ metrics, bus, installation }))
    }
    const [one, two, elsewhere] = [await startNode('a', 1), await startNode('a', 2), await startNode('b', 4)]
    expect(await one.read()).toContain('carillon_deliveries_total 3\n')
    expect(await two.read()).toContain('carillon_deliveries_total 3\n')
    expect(await elsewhere.read()).toContain('carillon_deliveries_total 4\n')
  })
})

async function keyFor(server: ServerProcess, scope: KeyScope): Promise<Record<string, string>> {
  return { 'x-api-key': await createKey(server, [scope]) }
}

function overLocalSocket({ data }: ServerProcess, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: join(data, 'carillon.sock'), path }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    asking.on('error', reject).end()
  })
}
