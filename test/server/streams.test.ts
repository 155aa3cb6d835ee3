import { expect, test, vi } from 'vitest'
import { overHttp } from '../support/emulated-sdk.ts'
import { openStream } from '../support/raw-stream.ts'
import { collect, next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, password, signIn, startServerProcess } from '../support/server-process.ts'

const connectCommand = '{"id":1,"connect":{}}'

test('the unmodified SDK connects over HTTP with a ticket, and a server that stops tells it so', async () => {
  await using server = await startServerProcess()
  const operator = await signIn(server, 'ola@example.org', 'operator')
  for (const transport of ['http_stream', 'sse'] as const) {
    const endpoint = `${server.url}/connection/${transport}`
    const options = { ...overHttp(server.url), getToken: ticketFor(server, operator.token) }
    using sdk = sdkClient(server, options, [{ transport, endpoint }])
    sdk.client.connect()
    const { subscription, received } = await collect(sdk.client, 'news:general')
    await subscription.publish({ over: transport })
    await vi.waitFor(() => expect(received).toEqual([{ over: transport }]))
    const leaving = next(sdk.client as never, 'connecting')
    const stopping = performance.now()
    expect(await server.stop()).toBe(0)
    expect(performance.now() - stopping).toBeLessThan(2_500)
    expect(await leaving).toMatchObject({ code: 3001, reason: 'shutdown' })
    sdk.client.disconnect()
    await server.start()
  }
})

test('a bearer, a key or a ticket opens a stream, a cookie does not', async () => {
  await using server = await startServerProcess()
  const setup = new URL(server.setupLink ?? '').searchParams.get('token')
  const created = await server.api('POST', '/api/v1/setup', {
    body: { token: setup, name: 'Eve', email: 'eve@example.org', password },
  })
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  const key = await createKey(server, ['subscribe'])
  const stream = (headers: Record<string, string>, query = '') =>
    openStream(`${server.url}/connection/http_stream${query}`, { body: connectCommand, headers })
  const connects = async (opened: ReturnType<typeof stream>) => (await opened).message(({ id }) => id === 1)
  expect(await connects(stream(bearer(token)))).toHaveProperty('connect')
  expect(await connects(stream({ 'x-api-key': key }))).toHaveProperty('connect')
  const ticket = await ticketFor(server, token)()
  expect(await connects(stream({}, `?ticket=${ticket}`))).toHaveProperty('connect')
  expect((await stream({}, `?ticket=${ticket}`)).status).toBe(401)
  expect((await stream(bearer('forged'))).status).toBe(401)

  const cookie = created.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ')
  expect((await server.api('GET', '/api/v1/me', { headers: { cookie } })).status).toBe(200)
  const withCookie = await stream({ cookie, origin: server.url })
  const { push } = await withCookie.message((message) => message.push !== undefined)
  expect(push).toEqual({ disconnect: { code: 3500, reason: 'token required' } })
})

test('whoever only listens needs no more than curl: publications over uni_sse', async () => {
  await using server = await startServerProcess({
    env: { CARILLON_CLIENT: JSON.stringify({ allowed_origins: ['https://intranet.example.org/'] }) },
  })
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  const request = encodeURIComponent(JSON.stringify({ subs: { 'news:general': {} } }))
  const stream = await openStream(`${server.url}/connection/uni_sse?cf_connect=${request}`, {
    headers: { ...bearer(token), origin: 'https://intranet.example.org' },
  })
  expect(stream.headers['access-control-allow-origin']).toBe('https://intranet.example.org')
  expect(stream.headers).not.toHaveProperty('access-control-allow-credentials')
  await stream.message(({ connect }) => connect !== undefined)
  await server.cli(['publish', 'news:general', '{"title":"Lunch"}'])
  expect(await stream.message(({ pub }) => pub !== undefined)).toEqual({
    channel: 'news:general',
    pub: { data: { title: 'Lunch' }, offset: 1 },
  })
})
