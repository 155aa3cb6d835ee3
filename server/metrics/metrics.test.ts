import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { createMetrics } from './metrics.ts'

const here = {
  connections: [
    { transport: 'websocket', kind: 'user', count: 3 },
    { transport: 'websocket', kind: 'waiting', count: 1 },
  ],
  channels: 2,
  subscriptions: 5,
  queueBytes: 100,
  longestQueueBytes: 60,
}

async function textOf(...all: readonly ReturnType<typeof createMetrics>[]): Promise<string> {
  return exposition(await Promise.all(all.map((metrics) => metrics.read())))
}

test('what is counted can be read by Prometheus', async () => {
  using metrics = createMetrics()
  metrics.counts.deliveries += 1_000
  metrics.published({ namespace: 'news', source: 'http' }, 0.002)
  metrics.command('subscribe')
  metrics.closed('server', 3008)
  metrics.refused('rate')
  metrics.recovered(true)
  const text = await textOf(metrics)
  expect(text).toContain('carillon_deliveries_total 1000\n')
  expect(text).toContain('carillon_publications_total{namespace="news",source="http"} 1\n')
  expect(text).toContain('carillon_publish_duration_seconds_bucket{le="0.0025"} 1\n')
  expect(text).toContain('carillon_commands_total{command="subscribe"} 1\n')
  expect(text).toContain('carillon_closes_total{by="server",code="3008"} 1\n')
  expect(text).toContain('carillon_refused_connections_total{reason="rate"} 1\n')
  expect(text).toContain('carillon_recoveries_total{result="hit"} 1\n')
  expect(text).toContain('carillon_recoveries_total{result="miss"} 0\n')
})

test('reading twice counts nothing twice', async () => {
  using metrics = createMetrics()
  metrics.counts.bytes += 7
  using _ = { [Symbol.dispose]: metrics.sample(() => here) }
  await textOf(metrics)
  const text = await textOf(metrics)
  expect(text).toContain('carillon_sent_bytes_total 7\n')
  expect(text).toContain('carillon_connections{transport="websocket",kind="user"} 3\n')
})

test('several processes are one: counters and most gauges are added up, the longest queue is the longest', async () => {
  using one = createMetrics()
  using other = createMetrics()
  one.counts.deliveries += 1
  other.counts.deliveries += 2
  one.sample(() => here)
  other.sample(() => ({ ...here, longestQueueBytes: 90 }))
  const text = await textOf(one, other)
  expect(text).toContain('carillon_deliveries_total 3\n')
  expect(text).toContain('carillon_subscriptions 10\n')
  expect(text).toContain('carillon_queue_bytes 200\n')
  expect(text).toContain('carillon_longest_queue_bytes 90\n')
  expect(text.match(/^# TYPE carillon_deliveries_total counter$/gm)).toHaveLength(1)
})

test('a reading that is none is left out', async () => {
  using metrics = createMetrics()
  metrics.counts.deliveries += 1
  const text = await exposition([null, 'news', [{ name: 1 }], await metrics.read()])
  expect(text).toContain('carillon_deliveries_total 1\n')
})

test('what others choose never becomes a label', async () => {
  using metrics = createMetrics()
  for (let code = 4000; code < 4100; code++) metrics.closed('client', code)
  for (let code = 400; code < 500; code++) metrics.replyError(code)
  const text = await textOf(metrics)
  expect(text).toContain('carillon_closes_total{by="client",code="other"} 100\n')
  expect(text).toContain('carillon_reply_errors_total{code="application"} 100\n')
})

test('the process itself is measured when asked for', async () => {
  using metrics = createMetrics({ process: true })
  const text = await textOf(metrics)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
  expect(text).toMatch(/^process_resident_memory_bytes \d/m)
})

test('a snapshot tells how the process does', () => {
  using metrics = createMetrics()
  metrics.sample(() => here)
  metrics.published({ namespace: 'news', source: 'client' }, 0.1)
  metrics.closed('server', 3008)
  metrics.refused('connections')
  expect(metrics.snapshot()).toEqual({
    connections: 3,
    waiting: 1,
    channels: 2,
    subscriptions: 5,
    queueBytes: 100,
    publications: 1,
    deliveries: 0,
    bytes: 0,
    slowCloses: 1,
    refused: 1,
  })
})

test('every metric of ours is in the documentation', async () => {
  using metrics = createMetrics()
  const documented = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8')
  const names = [...(await textOf(metrics)).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(10)
  for (const name of names) expect(documented).toContain(name)
})
