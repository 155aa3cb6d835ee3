import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { RpcHandler } from '#server/realtime/rpc.ts'
import { connectByStream, emulate, openStream } from '../support/raw-stream.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'

const ada = person('ada')

test('a stream is neither stored nor held back nor compressed', async () => {
  const rig = await startRealtime({ known: ada })
  const lines = await openStream(`${rig.httpUrl}/connection/http_stream`, {
    body: '{"id":1,"connect":{}}',
    headers: { 'accept-encoding': 'gzip, br' },
  })
  expect(lines.headers).toMatchObject({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
  expect(lines.headers).not.toHaveProperty('content-encoding')
  const first = encodeURIComponent('{"id":1,"connect":{}}')
  const events = await openStream(`${rig.httpUrl}/connection/sse?cf_connect=${first}`)
  expect(events.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  await events.message(({ id }) => id === 1)
  expect(events.text()).toMatch(/^data: \{"id":1,"connect":\{.*\}\}\n\n$/)
})

test('a session is a secret of 256 bits, another one for each connection', async () => {
  const rig = await startRealtime({ known: ada })
  const sessions: string[] = []
  for (const transport of ['http_stream', 'sse'] as const) {
    sessions.push((await connectByStream(rig.httpUrl, transport, {})).session)
  }
  expect(sessions).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)])
  expect(new Set(sessions).size).toBe(2)
  expect(rig.logged.filter((line) => sessions.some((session) => line.includes(session)))).toEqual([])
})

test.each([
  ['nothing', ''],
  ['no JSON', '{"id":1,'],
  ['another command', '{"id":1,"rpc":{"method":"x"}}'],
  ['a connect command without an id', '{"connect":{}}'],
])('a stream that begins with %s is refused with 400', async (_what, body) => {
  const rig = await startRealtime({ known: ada })
  expect((await openStream(`${rig.httpUrl}/connection/http_stream`, { body })).status).toBe(400)
  const query = `?cf_connect=${encodeURIComponent(body)}`
  expect((await openStream(`${rig.httpUrl}/connection/sse${query}`)).status).toBe(400)
})

test('a connect command with a field of the wrong type is answered, and closed after a while', async () => {
  const rig = await startRealtime({ known: ada, limits: { closeGraceMs: 50 } })
  const stream = await openStream(`${rig.httpUrl}/connection/http_stream`, { body: '{"id":1,"connect":{"token":7}}' })
  expect(await stream.message(({ id }) => id === 1)).toMatchObject({ error: { code: 107 } })
  expect((await stream.message(({ push }) => push !== undefined)).push?.disconnect?.code).toBe(3501)
  expect(await stream.ended).toBe(true)
})

test.each([
  ['no JSON', '{'],
  ['an array', '[]'],
  ['a session that is no string', { session: 1, node: 'n', data: '{}' }],
  ['no data', { session: 's', node: 'n', data: '' }],
  ['no node', { session: 's', data: '{}' }],
])('commands in a body that is %s are refused with 400', async (_what, body) => {
  const rig = await startRealtime()
  expect(await emulate(rig.httpUrl, body)).toBe(400)
})

test('commands for a node that is not there are answered 404, for a session that has gone 204', async () => {
  const rig = await startRealtime({ known: ada })
  const stream = await connectByStream(rig.httpUrl, 'http_stream', {})
  const { session, node } = stream
  expect(await emulate(rig.httpUrl, { session, node: 'elsewhere', data: '{}' })).toBe(404)
  expect(await emulate(rig.httpUrl, { session: 'guessed', node, data: '{}' })).toBe(204)
  stream.abort()
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  expect(await emulate(rig.httpUrl, { session, node, data: '{}' })).toBe(204)
})

test('bodies beyond 64 KiB are refused with 413, whether or not they say so beforehand', async () => {
  const rig = await startRealtime({ known: ada })
  const large = JSON.stringify({ id: 1, connect: { data: 'x'.repeat(65_536) } })
  expect((await openStream(`${rig.httpUrl}/connection/http_stream`, { body: large })).status).toBe(413)
  expect(await emulate(rig.httpUrl, { session: 's', node: 'n', data: large })).toBe(413)
  const chunked = await fetch(`${rig.httpUrl}/emulation`, {
    method: 'POST',
    body: new Blob([large]).stream(),
    duplex: 'half',
  } as RequestInit)
  expect(chunked.status).toBe(413)
  await chunked.body?.cancel()
})

test('other methods are refused with 405', async () => {
  const rig = await startRealtime()
  const refused = await fetch(`${rig.httpUrl}/emulation`)
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  await refused.body?.cancel()
  expect((await openStream(`${rig.httpUrl}/connection/sse`, { body: '{}' })).status).toBe(405)
})

test('pages of allowed origins only may read a stream, and none may send cookies', async () => {
  const rig = await startRealtime()
  const ask = async (origin: string) => {
    const { status, headers } = await fetch(`${rig.httpUrl}/emulation`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
    const allowed = [...headers].filter(([name]) => name.startsWith('access-control-'))
    return { status, allowed: Object.fromEntries(allowed), vary: headers.get('vary') }
  }
  expect(await ask('https://allowed.example.org')).toEqual({
    status: 204,
    vary: 'origin',
    allowed: {
      'access-control-allow-origin': 'https://allowed.example.org',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, x-api-key',
      'access-control-max-age': '3600',
    },
  })
  expect(await ask('https://evil.example.org')).toEqual({ status: 204, vary: 'origin', allowed: {} })
  const stream = await openStream(`${rig.httpUrl}/connection/http_stream`, {
    body: '{"id":1,"connect":{}}',
    headers: { origin: 'https://allowed.example.org' },
  })
  expect(stream.headers['access-control-allow-origin']).toBe('https://allowed.example.org')
})

test('a client that does not answer pings is told so and its stream ends', async () => {
  const rig = await startRealtime({ known: ada, limits: { pingMs: 1_000, pongMs: 300 } })
  const stream = await connectByStream(rig.httpUrl, 'sse', {})
  const { push } = await stream.message((message) => message.push !== undefined)
  expect(push).toEqual({ disconnect: { code: 3012, reason: 'no pong' } })
  expect(await stream.ended).toBe(true)
})

test('who connects and is not decided in time is told so', async () => {
  const rig = await startRealtime({ limits: { connectMs: 100 } })
  const letGo = rig.identities.hold()
  const stream = await openStream(`${rig.httpUrl}/connection/http_stream`, {
    body: JSON.stringify({ id: 1, connect: { token: rig.identities.token(ada) } }),
  })
  expect((await stream.message(({ push }) => push !== undefined)).push?.disconnect?.code).toBe(3502)
  expect(await stream.ended).toBe(true)
  letGo()
})

test('commands of one request are worked on in order, those of many at once all of them', async () => {
  const rig = await startRealtime({ known: ada })
  const stream = await connectByStream(rig.httpUrl, 'http_stream', {})
  await stream.post({ id: 2, subscribe: { channel: 'small:a' } }, { id: 3, unsubscribe: { channel: 'small:a' } })
  await stream.message(({ id }) => id === 3)
  expect(stream.received.map(({ id }) => id)).toEqual([1, 2, 3])
  const ids = Array.from({ length: 200 }, (_, index) => index + 10)
  const statuses = await Promise.all(ids.map((id) => stream.post({ id, presence: { channel: 'talk:a' } })))
  expect(new Set(statuses)).toEqual(new Set([204]))
  await expect.poll(() => stream.received.filter(({ id }) => ids.includes(id ?? 0)).length).toBe(ids.length)
})

test('whoever floods a session with requests is closed with 3013', async () => {
  const rig = await startRealtime({
    known: ada,
    limits: { commandBurst: 100, commandsPerSecond: 1, commandDebt: 100 },
  })
  const stream = await connectByStream(rig.httpUrl, 'http_stream', {})
  await Promise.all(
    Array.from({ length: 300 }, (_, id) => stream.post({ id: id + 2, presence: { channel: 'talk:a' } })),
  )
  const { push } = await stream.message((message) => message.push !== undefined)
  expect(push).toEqual({ disconnect: { code: 3013, reason: 'too many requests' } })
  expect(await stream.ended).toBe(true)
})

test('what waits for a client that is not read is bounded: 429, and it is closed', async () => {
  const rpc = new Map<string, RpcHandler>([['stuck', () => new Promise(() => {})]])
  const rig = await startRealtime({ known: ada, rpc, limits: { maxInFlight: 2 } })
  const stream = await connectByStream(rig.httpUrl, 'http_stream', {})
  await stream.post({ id: 2, rpc: { method: 'stuck' } }, { id: 3, rpc: { method: 'stuck' } })
  const statuses: number[] = []
  for (let id = 4; id < 14 && !statuses.includes(429); id++) {
    statuses.push(await stream.post({ id, rpc: { method: 'stuck', data: 'x'.repeat(60_000) } }))
  }
  expect(statuses).toEqual([204, 204, 204, 204, 429])
  expect((await stream.message(({ push }) => push !== undefined)).push?.disconnect?.code).toBe(3013)
})

test('what waited is worked on when there is room again', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const rpc = new Map<string, RpcHandler>([
    ['held', () => promise],
    ['echo', async ({ data }) => data],
  ])
  const rig = await startRealtime({ known: ada, rpc, limits: { maxInFlight: 2 } })
  const stream = await connectByStream(rig.httpUrl, 'sse', {})
  await stream.post({ id: 2, rpc: { method: 'held' } }, { id: 3, rpc: { method: 'held' } })
  for (const id of [4, 5, 6]) expect(await stream.post({ id, rpc: { method: 'echo', data: id } })).toBe(204)
  expect(stream.received).toHaveLength(1)
  resolve('now')
  await stream.message(({ id }) => id === 6)
  expect(stream.received.map(({ id }) => id).slice(-3)).toEqual([4, 5, 6])
})

test('a client that never reads is cut, and is gone for the others', async () => {
  const rig = await startRealtime({ known: ada, limits: { outboxBytes: 64 * 1024, slowGraceMs: 100 } })
  const stream = await connectByStream(rig.httpUrl, 'http_stream', { subs: { 'open:a': {} } })
  stream.stall()
  const data = 'x'.repeat(60_000)
  await expect
    .poll(
      async () => {
        for (let count = 0; count < 20; count++) await rig.publish('open:a', data)
        return rig.realtime.isOnline('ada')
      },
      { timeout: 10_000 },
    )
    .toBe(false)
  await expect.poll(() => rig.logged.some((line) => line.includes('"code":3008'))).toBe(true)
})

test('a client that goes while it is asked who it is leaves nothing behind', async () => {
  const rig = await startRealtime()
  const letGo = rig.identities.hold()
  const body = JSON.stringify({ id: 1, connect: { token: rig.identities.token(ada) } })
  const { port } = new URL(rig.httpUrl)
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST /connection/http_stream HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await once(socket, 'data')
  socket.destroy()
  await expect.poll(() => rig.logged.some((line) => line.includes('connection gone'))).toBe(true)
  letGo()
  await rig.stop()
  expect(rig.logged.filter((line) => line.includes('"level":50'))).toEqual([])
})
