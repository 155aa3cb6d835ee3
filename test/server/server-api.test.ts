import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** Sends what pycent and phpcent send, and answers what they look at: anything but 200 they throw. */
function library(server: ServerProcess, key: string) {
  return async (method: string, params: unknown): Promise<unknown> => {
    const { status, body } = await server.api('POST', `/api/${method}`, { headers: { 'x-api-key': key }, body: params })
    expect([status, method, status === 200 || body]).toEqual([200, method, true])
    return body
  }
}

test('a sequence of calls as the Python library sends them is answered as it expects', async () => {
  await using server = await startServerProcess()
  const { id: ada, token } = await signIn(server, 'ada@example.org', 'viewer')
  const cent = library(server, await createKey(server, ['admin']))
  using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
  sdk.client.connect()
  await sdk.client.ready(10_000)
  const received: unknown[] = []
  sdk.client.on('publication', ({ channel, data }) => void received.push([channel, data]))

  expect(
    await cent('subscribe', {
      user: ada,
      channel: 'news:a',
      data: { why: 'because' },
      info: { seat: 4 },
      expire_at: 4e9,
    }),
  ).toEqual({ result: {} })
  await expect.poll(() => cent('channels', {})).toEqual({ result: { channels: { 'news:a': { num_clients: 1 } } } })
  expect(await cent('channels', { pattern: 'commands:*' })).toEqual({ result: { channels: {} } })
  const first = await cent('publish', { channel: 'news:a', data: { n: 1 }, tags: { kind: 'door' } })
  const { epoch } = (first as { result: { epoch: string } }).result
  expect(first).toEqual({ result: { offset: 1, epoch } })
  const twice = { channel: 'news:a', data: 2, idempotency_key: 'k', b64data: Buffer.from('{"n":2}').toString('base64') }
  expect(await cent('publish', twice)).toEqual({ result: { offset: 2, epoch } })
  expect(await cent('publish', twice)).toEqual({ result: { offset: 2, epoch, duplicate: true } })
  expect(await cent('publish', { channel: 'news:a', data: 'live only', skip_history: true })).toEqual({
    result: { offset: 0, epoch: '' },
  })
  expect(await cent('publish', { channel: 'nowhere:a', data: 1 })).toMatchObject({ error: { code: 102 } })
  expect(await cent('broadcast', { channels: ['news:a', 'nowhere:b', 'no t'], data: { n: 3 } })).toMatchObject({
    result: { responses: [{ result: { offset: 3, epoch } }, { error: { code: 102 } }, { error: { code: 102 } }] },
  })
  await expect.poll(() => received).toEqual([{ n: 1 }, { n: 2 }, 'live only', { n: 3 }].map((data) => ['news:a', data]))

  expect(await cent('history', { channel: 'news:a' })).toEqual({ result: { publications: [], offset: 3, epoch } })
  expect(await cent('history', { channel: 'news:a', limit: 2, reverse: true })).toEqual({
    result: {
      publications: [
        { data: { n: 3 }, offset: 3 },
        { data: { n: 2 }, offset: 2 },
      ],
      offset: 3,
      epoch,
    },
  })
  expect(await cent('history', { channel: 'news:a', limit: 1, since: { offset: 0, epoch } })).toMatchObject({
    result: { publications: [{ data: { n: 1 }, offset: 1, tags: { kind: 'door' } }] },
  })
  expect(await cent('history', { channel: 'news:a', limit: 1, since: { offset: 0, epoch: 'else' } })).toMatchObject({
    error: { code: 112 },
  })
  const client = Object.keys(((await cent('presence', { channel: 'news:a' })) as Presence).result.presence)[0] ?? ''
  expect(await cent('presence', { channel: 'news:a' })).toMatchObject({
    result: { presence: { [client]: { user: ada, client, conn_info: { role: 'viewer' } } } },
  })
  expect(await cent('presence_stats', { channel: 'news:a' })).toEqual({ result: { num_clients: 1, num_users: 1 } })
  expect(await cent('presence', { channel: 'telemetry:a' })).toMatchObject({ error: { code: 108 } })
  expect(await cent('history_remove', { channel: 'news:a' })).toEqual({ result: {} })
  expect(await cent('history', { channel: 'news:a', limit: -1 })).toEqual({
    result: { publications: [], offset: 3, epoch },
  })
  expect(await cent('info', {})).toMatchObject({
    result: {
      nodes: [
        {
          uid: expect.any(String),
          name: `${hostname()}_${new URL(server.url).port}`,
          version: expect.any(String),
          num_clients: 1,
          num_users: 1,
          num_subs: 1,
          num_channels: 1,
          uptime: expect.any(Number),
          process: { cpu: expect.any(Number), rss: expect.any(Number) },
        },
      ],
    },
  })
  expect(await cent('rpc', { method: 'nobody-registered' })).toMatchObject({ error: { code: 104 } })

  const commands = [
    { publish: { channel: 'news:a', data: { n: 4 } } },
    { presence_stats: { channel: 'news:a' } },
    { publish: { channel: 'nowhere:a', data: 1 } },
    { unsubscribe: { user: ada, channel: 'news:a', client } },
    { teleport: {} },
    null,
  ]
  for (const parallel of [false, true]) {
    const { replies } = (await cent('batch', { commands, parallel })) as { replies: unknown[] }
    expect(replies).toMatchObject([
      { publish: { epoch } },
      { presence_stats: { num_clients: expect.any(Number) } },
      { error: { code: 102 } },
      { unsubscribe: {} },
      { error: { code: 104 } },
      { error: { code: 107 } },
    ])
  }
  const gone = new Promise((resolve) => sdk.client.once('disconnected', resolve))
  expect(await cent('refresh', { user: ada, expire_at: Math.floor(Date.now() / 1000) + 600 })).toEqual({ result: {} })
  expect(await cent('disconnect', { user: ada, whitelist: [client] })).toEqual({ result: {} })
  expect(sdk.client.state).toBe('connected')
  expect(await cent('disconnect', { user: ada, disconnect: { code: 4501, reason: 'come tomorrow' } })).toEqual({
    result: {},
  })
  expect(await gone).toMatchObject({ code: 4501, reason: 'come tomorrow' })
})

interface Presence {
  readonly result: { readonly presence: Readonly<Record<string, unknown>> }
}

test('calls as the PHP library sends them, with empty strings for what was not given, are answered as it expects', async () => {
  await using server = await startServerProcess()
  const { id: ada } = await signIn(server, 'ada@example.org', 'viewer')
  const cent = library(server, await createKey(server, ['admin']))
  expect(await cent('publish', { channel: 'news:a', data: [], skip_history: false })).toMatchObject({
    result: { offset: 1 },
  })
  expect(await cent('subscribe', { channel: 'news:a', user: ada, client: '' })).toEqual({ result: {} })
  expect(await cent('disconnect', { user: ada, client: '' })).toEqual({ result: {} })
  expect(await cent('history', { channel: 'news:a', limit: 0, reverse: false })).toMatchObject({
    result: { publications: [], offset: 1 },
  })
  expect(await cent('channels', { pattern: '' })).toEqual({ result: { channels: {} } })
})

test('commands in lines, as the Go library sends them, are answered in lines', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['publish'])
  const send = async (body: string, type = 'application/json') => {
    const headers = { authorization: `apikey ${key}`, 'content-type': type }
    const response = await fetch(`${server.url}/api`, { method: 'POST', headers, body })
    return { status: response.status, text: await response.text() }
  }
  const { status, text } = await send(
    '{"method":"publish","params":{"channel":"news:a","data":{"n":1}}}\n' +
      '{"id":7,"method":"PUBLISH","params":{"channel":"news:a"}}\n{"method":"info"}\n',
  )
  expect(status).toBe(200)
  expect(text.split('\n').map((line) => JSON.parse(line))).toMatchObject([
    { result: { offset: 1 } },
    { id: 7, error: { code: 107, message: expect.stringMatching(/Give the data/) } },
    { error: { code: 103, message: expect.stringMatching(/scope subscribe/) } },
  ])
  expect(JSON.parse((await send('{"method":"publish"\n')).text)).toMatchObject({ status: 400, code: 'malformed_json' })
  expect(JSON.parse((await send('{"id":1}\n')).text)).toMatchObject({ status: 400, code: 'bad_request' })
  expect(JSON.parse((await send('\n')).text)).toMatchObject({ status: 400, code: 'bad_request' })
})

test('who may call what is decided by scope, by role and by channel, and in a batch for each command', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  const viewer = bearer((await signIn(server, 'vic@example.org', 'viewer')).token)
  const call = async (method: string, body: unknown, by: Record<string, string> = headers) =>
    (await server.api('POST', `/api/${method}`, { headers: by, body })).body
  expect(await call('publish', { channel: 'news:a', data: 1 })).toMatchObject({ result: { offset: 1 } })
  expect(await call('history', { channel: 'news:a' })).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await call('disconnect', { user: 'ada' })).toMatchObject({
    status: 403,
    detail: expect.stringMatching(/admin/),
  })
  expect(await call('history', { channel: 'news:a', limit: 1 }, viewer)).toMatchObject({ result: { offset: 1 } })
  expect(await call('history', { channel: 'commands:a' }, viewer)).toMatchObject({ error: { code: 103 } })
  expect(await call('disconnect', { user: 'ada' }, viewer)).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await call('info', {}, viewer)).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await call('publish', { channel: 'news:a', data: 1 }, {})).toMatchObject({ status: 401, code: 'unauthorized' })
  expect(await call('batch', { commands: [{ publish: { channel: 'news:a', data: 1 } }, { info: {} }] })).toMatchObject({
    replies: [{ publish: { offset: 2 } }, { error: { code: 103 } }],
  })
})

test('what is malformed or too much is refused with a code, in a batch for each command', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['admin']) }
  const call = async (method: string, body: unknown) =>
    (await server.api('POST', `/api/${method}`, { headers, body })).body
  expect(await call('presence', {})).toMatchObject({ status: 400, code: 'bad_request', errors: [{ path: 'channel' }] })
  expect(await call('history', '{"channel":')).toMatchObject({ status: 400, code: 'malformed_json' })
  expect(await call('history', { channel: 'news:a b' })).toMatchObject({ error: { code: 107 } })
  expect(await call('disconnect', { user: 'ada', all_users: true })).toMatchObject({ errors: [{ path: 'all_users' }] })
  expect(await call('disconnect', { user: 'ada', disconnect: { code: 1000, reason: 'x' } })).toMatchObject({
    error: { code: 107 },
  })
  expect(await call('refresh', { user: 'ada' })).toMatchObject({ error: { code: 107 } })
  expect(await call('subscribe', { user: 'ada', channel: 'news:a', b64info: '/w==' })).toMatchObject({
    error: { code: 107 },
  })
  expect(await call('publish', { channel: 'news:a', b64data: '/w==' })).toMatchObject({ error: { code: 107 } })
  expect(await call('publish', { channel: 'telemetry:a', data: 1, version: 3 })).toMatchObject({ error: { code: 103 } })
  expect(await call('publish', { channel: 'news:a', data: 1, version: 3, skip_history: true })).toMatchObject({
    error: { code: 108 },
  })
  const many = Array.from({ length: 1001 }, (_, n) => `news:${n}`)
  expect(await call('broadcast', { channels: many, data: 1 })).toMatchObject({ code: 'bad_request' })
  expect(await call('batch', { commands: many.map(() => null) })).toMatchObject({ code: 'bad_request' })
  const large = 'x'.repeat(300_000)
  expect(await call('publish', { channel: 'news:a', data: large })).toMatchObject({ code: 'payload_too_large' })
  expect(await call('broadcast', { channels: ['news:a'], data: large })).toMatchObject({
    result: { responses: [{ error: { code: 107 } }] },
  })
  expect(await call('batch', { commands: [{ publish: { channel: 7 } }, {}] })).toMatchObject({
    replies: [{ error: { code: 107, message: expect.stringMatching(/channel/) } }, { error: { code: 107 } }],
  })
  expect(
    await call('batch', { commands: [{ publish: { channel: 'news:a', data: 'x'.repeat(1_100_000) } }] }),
  ).toMatchObject({ status: 413, code: 'payload_too_large' })
})

test('errors have a status of their own for callers who ask for that', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['admin']), 'x-centrifugo-error-mode': 'transport' }
  const call = (method: string, body: unknown) => server.api('POST', `/api/${method}`, { headers, body })
  expect(await call('publish', { channel: 'nowhere:a', data: 1 })).toMatchObject({ status: 404, body: { code: 102 } })
  expect(await call('history', { channel: 'telemetry:a' })).toMatchObject({ status: 400, body: { code: 108 } })
  expect(await call('history', { channel: 'news:a', since: { offset: 1, epoch: 'else' } })).toMatchObject({
    status: 416,
    body: { code: 112 },
  })
  expect(await call('publish', { channel: 'news:a', data: 1 })).toMatchObject({ status: 200, body: { result: {} } })
})

test('a version that is not higher is a duplicate, also after a kill', async () => {
  await using server = await startServerProcess()
  const cent = library(server, await createKey(server, ['admin']))
  const publish = (version: number, version_epoch = '') =>
    cent('publish', { channel: 'news:state', data: { version }, version, version_epoch })
  expect(await publish(7)).toMatchObject({ result: { offset: 1 } })
  await server.kill()
  await server.start()
  expect(await publish(6)).toMatchObject({ result: { offset: 1 } })
  expect(await publish(8)).toMatchObject({ result: { offset: 2 } })
  expect(await publish(1, 'again')).toMatchObject({ result: { offset: 3 } })
  expect(await publish(0)).toMatchObject({ result: { offset: 4 } })
})

test('the replies to one batch are bounded, however much is asked for', async () => {
  await using server = await startServerProcess()
  const cent = library(server, await createKey(server, ['admin']))
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) {
    expect(await cent('publish', { channel: 'news:a', data: { n, text: 'x'.repeat(60_000) } })).toHaveProperty('result')
  }
  const commands = Array.from({ length: 100 }, () => ({ history: { channel: 'news:a', limit: 300 } }))
  const { replies } = (await cent('batch', { commands })) as { replies: object[] }
  expect(replies).toHaveLength(100)
  expect(replies[0]).toHaveProperty('history')
  expect(replies.at(-1)).toMatchObject({ error: { code: 106 } })
  expect(JSON.stringify(replies).length).toBeLessThan(9 * 1024 * 1024)
})

test('every request is described, with what it answers', async () => {
  await using server = await startServerProcess()
  const { body } = await server.api('GET', '/openapi.json')
  const { paths } = body as { paths: Record<string, Record<string, Described>> }
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ name: `${method} ${path}`, ...described })),
  )
  expect(all.length).toBeGreaterThan(80)
  expect(all.filter(({ summary }) => !summary).map(({ name }) => name)).toEqual([])
  const says = ({ responses: { 200: ok } }: Described) => ok === undefined || ok.content !== undefined
  // These answer something of their own: files, and a line for each call.
  expect(all.flatMap((each) => (says(each) ? [] : [each.name])).toSorted()).toEqual([
    ...['get /api/v1/audit/export', 'get /api/v1/devices/{id}/screenshots/{command}'],
    ...['get /api/v1/tasks/{id}/files/{name}', 'post /api'],
  ])
})

interface Described {
  readonly summary?: string
  readonly responses: Readonly<Record<string, { readonly content?: unknown }>>
}

test('every method is described', async () => {
  await using server = await startServerProcess()
  const { body } = await server.api('GET', '/openapi.json')
  const { paths } = body as { paths: Record<string, Record<string, { summary?: string; requestBody?: unknown }>> }
  const methods =
    'publish broadcast subscribe unsubscribe disconnect refresh presence presence_stats history history_remove channels info rpc batch'
  for (const method of methods.split(' ')) {
    expect(paths[`/api/${method}`]?.post).toMatchObject({ summary: expect.any(String), requestBody: expect.anything() })
  }
  for (const path of ['/metrics', '/api/v1/clients', '/api/v1/clients/{id}', '/api/v1/users/{id}/frames']) {
    expect(paths[path]?.get, path).toMatchObject({ summary: expect.any(String), responses: { 200: expect.anything() } })
  }
})
