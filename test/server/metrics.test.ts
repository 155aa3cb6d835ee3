import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { KeyScope } from '#protocol/roles.ts'
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
  expect(text).not.toContain('general')
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
