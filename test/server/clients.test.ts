import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { page } from '#protocol/api.ts'
import { clientDetail, clientView, framesEvent } from '#protocol/clients.ts'
import { openRaw } from '../support/raw-client.ts'
import { connected, follow, sdk } from '../support/realtime-sdk.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

const pageOfClients = page(clientView)

test('an administrator lists clients, watches one and disconnects it; an operator only lists', async () => {
  await using server = await startServerProcess()
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const operator = bearer((await signIn(server, 'ola@example.org', 'operator')).token)
  const viewer = bearer((await signIn(server, 'vera@example.org', 'viewer')).token)
  const client = await connected(sdk(socketUrl(server), { getToken: () => ticketFor(server, viewer) }))

  expect((await server.api('GET', '/api/v1/clients', { headers: viewer })).status).toBe(403)
  const { items } = pageOfClients.parse((await server.api('GET', '/api/v1/clients', { headers: operator })).body)
  expect(items).toEqual([expect.objectContaining({ role: 'viewer', address: '127.0.0.1', transport: 'websocket' })])
  const id = items[0]?.id ?? ''
  for (const [method, path] of [
    ['DELETE', `/api/v1/clients/${id}`],
    ['GET', `/api/v1/clients/${id}/frames`],
    ['GET', `/api/v1/users/${items[0]?.user}/frames`],
  ] as const) {
    expect((await server.api(method, path, { headers: operator })).status, path).toBe(403)
  }

  await using frames = await stream(`${server.url}/api/v1/clients/${id}/frames`, admin)
  await frames.next()
  await follow(client, 'news:general')
  const texts: string[] = []
  while (!texts.some((text) => text.includes('"subscribe":{"channel":"news:general"'))) {
    texts.push(...(await frames.next()).frames.map(({ text }) => text))
  }
  const one = clientDetail.parse((await server.api('GET', `/api/v1/clients/${id}`, { headers: operator })).body)
  expect(one).toMatchObject({ channels: 1, channelNames: ['news:general'] })
  await expect.poll(server.output).toMatch(/"byName":"[^"]+".*a client is being watched/)

  const reconnected = new Promise((resolve) => client.once('connecting', resolve))
  expect((await server.api('DELETE', `/api/v1/clients/${id}`, { headers: admin })).status).toBe(204)
  expect(await reconnected).toMatchObject({ code: 3011 })
  expect((await server.api('GET', `/api/v1/clients/${id}`, { headers: admin })).body).toMatchObject({
    status: 404,
    code: 'unknown_client',
  })
  const last = async () => {
    for (;;) {
      const { clients, endings } = await frames.next()
      if (clients === 0) return endings
    }
  }
  const ending = { client: id, by: 'server', code: 3011, reason: 'force reconnect' }
  expect(await last()).toEqual([{ ...ending, time: expect.any(String) }])
  await expect.poll(() => server.output()).toMatch(/a client is no longer watched/)

  await client.ready(10_000)
  const back = pageOfClients.parse((await server.api('GET', '/api/v1/clients', { headers: admin })).body).items[0]?.id
  const disconnected = new Promise((resolve) => client.once('disconnected', resolve))
  const path = `/api/v1/clients/${back}?stay_away=true`
  expect((await server.api('DELETE', path, { headers: admin })).status).toBe(204)
  expect(await disconnected).toMatchObject({ code: 3503 })
})

test('whoever watches learns that a client went by itself', async () => {
  await using server = await startServerProcess()
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const raw = await openRaw(`${socketUrl(server)}?ticket=${await ticketFor(server, admin)}`)
  raw.send({ id: 1, connect: {} })
  await raw.reply(1)
  const [one] = pageOfClients.parse((await server.api('GET', '/api/v1/clients', { headers: admin })).body).items
  await using frames = await stream(`${server.url}/api/v1/clients/${one?.id}/frames`, admin)
  await frames.next()
  raw.socket.close(4001)
  let seen = await frames.next()
  while (seen.clients > 0) seen = await frames.next()
  expect(seen.endings).toEqual([expect.objectContaining({ client: one?.id, by: 'client', code: 4001 })])
})

test('a cursor that is not ours is refused', async () => {
  await using server = await startServerProcess()
  const headers = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const { body } = await server.api('GET', '/api/v1/clients?cursor=elsewhere', { headers })
  expect(body).toMatchObject({ status: 400, code: 'bad_request' })
})

test('where a client is, a trusted proxy says', async () => {
  await using server = await startServerProcess({ env: { CARILLON_TRUSTED_PROXIES: '["127.0.0.0/8"]' } })
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const ticket = await ticketFor(server, admin)
  const raw = await openRaw(`${socketUrl(server)}?ticket=${ticket}`, [], {
    headers: { 'x-forwarded-for': '192.0.2.99, 203.0.113.9' },
  })
  raw.send({ id: 1, connect: {} })
  await raw.reply(1)
  const { items } = pageOfClients.parse((await server.api('GET', '/api/v1/clients', { headers: admin })).body)
  expect(items.map(({ address }) => address)).toEqual(['203.0.113.9'])
})

test('whoever watches sees nothing more once signed out, and does not keep the server from stopping', async () => {
  await using server = await startServerProcess()
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const other = bearer((await signIn(server, 'eve@example.org', 'admin')).token)
  await using frames = await stream(`${server.url}/api/v1/users/ada/frames`, admin)
  await using others = await stream(`${server.url}/api/v1/users/ada/frames`, other)
  await Promise.all([frames.next(), others.next()])
  const readOn = async ({ next }: typeof frames) => {
    for (;;) await next()
  }
  expect((await server.api('DELETE', '/api/v1/token', { headers: other })).status).toBe(204)
  await expect(readOn(others)).rejects.toThrow('the stream has ended')
  await frames.next()
  const stopped = server.stop()
  // Ended by the server, not cut when its patience was over.
  await expect(readOn(frames)).rejects.toThrow('the stream has ended')
  expect(await stopped).toBe(0)
})

test('a ticket is not used up by a server that is full', async () => {
  await using server = await startServerProcess({ env: { CARILLON_LIMITS: '{"connections":1}' } })
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const urlWithTicket = async () => `${socketUrl(server)}?ticket=${await ticketFor(server, admin)}`
  const first = await openRaw(await urlWithTicket())
  const url = await urlWithTicket()
  await expect(openRaw(url)).rejects.toThrow(/503/)
  first.socket.close()
  await first.closed
  const attempt = () =>
    openRaw(url).then(
      () => 'in',
      (error: Error) => error.message,
    )
  await expect.poll(attempt).toBe('in')
})

test('connections that never say what they want are closed', async () => {
  const limits = JSON.stringify({ request_header_timeout: 1 })
  await using server = await startServerProcess({ env: { CARILLON_LIMITS: limits } })
  const { port } = new URL(server.url)
  const ends = ['', 'GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: webso'].map((said) => {
    const socket = connect(Number(port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    socket.resume()
    socket.write(said)
    return once(socket, 'close')
  })
  await Promise.all(ends)
})

function socketUrl({ url }: ServerProcess): string {
  return `${url.replace('http', 'ws')}/connection/websocket`
}

async function ticketFor(server: ServerProcess, headers: Record<string, string>): Promise<string> {
  const { body } = await server.api('POST', '/api/v1/tickets', { headers })
  return (body as { ticket: string }).ticket
}

async function stream(url: string, headers: Record<string, string>) {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next() {
      while (!text.includes('\n\n')) {
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) throw new Error('the stream has ended')
        text += value
      }
      const end = text.indexOf('\n\n')
      const event = text.slice('data: '.length, end)
      text = text.slice(end + 2)
      return framesEvent.parse(JSON.parse(event))
    },
    async [Symbol.asyncDispose]() {
      abort.abort()
    },
  }
}
