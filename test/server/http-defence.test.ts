import { connect, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { openStream } from '../support/raw-stream.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** What comes back for these bytes, until the server closes. */
function sendRaw({ url }: ServerProcess, bytes: string): Promise<string> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.setTimeout(20_000, () => socket.destroy(new Error('no end')))
    socket.on('error', reject).on('close', () => resolve(answer))
    socket.write(bytes)
  })
}

/** The status with which an upgrade is answered. */
function upgradeStatus({ url }: ServerProcess, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, { headers })
    onTestFinished(() => socket.terminate())
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('error', reject)
  })
}

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': expect.stringMatching(/camera=\(\)/),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

test('every answer has the headers that keep a browser from doing harm with it, whoever gives it', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const headers = { accept: 'text/html' }
  const answers = {
    page: await fetch(server.url, { headers }),
    script: await fetch(`${server.url}${/src="(\/assets\/[^"]+)"/.exec(await (await fetch(server.url)).text())?.[1]}`),
    api: await server.api('GET', '/api/v1/me', { headers: bearer(token) }),
    refused: await server.api('GET', '/api/v1/me'),
    absent: await server.api('GET', '/nowhere'),
    absentPage: await fetch(`${server.url}/nowhere?at=all`, { headers }),
    identity: await server.api('GET', '/api/auth/jwks'),
    identityRefused: await server.api('POST', '/api/auth/passkey/verify-authentication', { body: {} }),
    health: await server.api('GET', '/health/live'),
    contract: await server.api('GET', '/openapi.json'),
    malformed: await server.api('POST', '/api/v1/token', { body: '{' }),
    emulation: await server.api('POST', '/emulation', { body: {} }),
  }
  for (const [name, answer] of Object.entries(answers)) {
    const policy = answer.headers.get('content-security-policy')
    expect(Object.fromEntries(answer.headers), name).toMatchObject(always)
    expect(policy, name).toMatch(/^default-src 'none';.* frame-ancestors 'none'/)
    expect(policy, name).not.toMatch(/unsafe/)
    expect(policy?.includes("script-src 'self'"), name).toBe(/page$/i.test(name))
    expect(answer.headers.get('strict-transport-security'), name).toBeNull()
  }
  expect(answers.script.status).toBe(200)
  expect([answers.absent.status, answers.absentPage.status]).toEqual([404, 404])
  for (const path of ['/connection/sse?cf_connect=%7B%22id%22%3A1%2C%22connect%22%3A%7B%7D%7D', '/connection/sse']) {
    const stream = await openStream(`${server.url}${path}`)
    expect(stream.headers, path).toMatchObject(always)
  }
  const malformed = await sendRaw(server, 'GET / HTTP/1.1\r\nHost x\r\n\r\n')
  expect(malformed).toMatch(/^HTTP\/1\.1 400 .*x-content-type-options: nosniff/s)
  expect(malformed).toMatch(/"code":"bad_request"/)
})

test('browsers are told to stay on TLS where people come over TLS, behind a proxy too', async () => {
  const strict = async (env: NodeJS.ProcessEnv) => {
    await using server = await startServerProcess({ env })
    return (await server.api('GET', '/health/live')).headers.get('strict-transport-security')
  }
  expect(await strict({ CARILLON_PUBLIC_URL: 'https://bells.example.org' })).toBe('max-age=31536000')
  expect(await strict({ CARILLON_PUBLIC_URL: 'http://bells.example.org' })).toBeNull()
})

test('a method that is not there is answered with those that are, also where the path has parameters', async () => {
  await using server = await startServerProcess()
  const allowed = async (method: string, path: string) => {
    const { status, headers } = await server.api(method, path)
    return [status, headers.get('allow')?.split(', ').toSorted().join(' ')]
  }
  expect(await allowed('PUT', '/api/v1/keys/7')).toEqual([405, 'DELETE'])
  expect(await allowed('POST', '/api/v1/clients/7')).toEqual([405, 'DELETE GET HEAD'])
  expect(await allowed('DELETE', '/health/live')).toEqual([405, 'GET HEAD'])
  expect(await allowed('GET', '/connection/http_stream')).toEqual([405, 'OPTIONS POST'])
  expect(await allowed('PUT', '/api/v1/nowhere/7')).toEqual([404, undefined])
})

test('a request has a size, of its body by what it is for, and of its headers', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  const size = async (path: string, bytes: number, body: (text: string) => unknown) =>
    (await server.api('POST', path, { headers, body: body('x'.repeat(bytes)) })).body
  const signIn = (password: string) => ({ email: 'ola@example.org', password })
  expect(await size('/api/v1/token', 20_000, signIn)).toMatchObject({
    status: 413,
    detail: expect.stringMatching(/ 16 KiB/),
  })
  expect(await size('/api/v1/sign-in', 20_000, signIn)).toMatchObject({ code: 'payload_too_large' })
  const publication = (data: string) => ({ channel: 'news:a', data })
  expect(await size('/api/publish', 60_000, publication)).toMatchObject({ result: {} })
  expect(await size('/api/publish', 140_000, publication)).toMatchObject({
    status: 413,
    detail: expect.stringMatching(/ 128 KiB/),
  })

  const many = Array.from({ length: 101 }, (_, n) => [`x-${n}`, 'x'])
  const answer = await server.api('GET', '/health/live', { headers: Object.fromEntries(many) })
  expect(answer).toMatchObject({ status: 431, body: { code: 'headers_too_large' } })
  const large = await sendRaw(server, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`)
  expect(large).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
})

test('a body that does not come is not waited for', async () => {
  const limits = { request_header_timeout: 1, request_timeout: 1 }
  await using server = await startServerProcess({ env: { CARILLON_LIMITS: JSON.stringify(limits) } })
  const head =
    'POST /api/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
  expect(await sendRaw(server, head)).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
  expect(await sendRaw(server, 'GET / HTTP/1.1\r\nHos')).toMatch(/^HTTP\/1\.1 408 /)
})

test('over TLS too: not for a body, a header, a request or TLS itself', async () => {
  const limits = { request_header_timeout: 1, request_timeout: 1 }
  await using server = await startServerProcess({
    ...{ env: { CARILLON_LIMITS: JSON.stringify(limits) }, tls: 'self-signed' },
  })
  const { port, hostname: host } = new URL(server.url)
  const answered = (socket: Socket, bytes = '') =>
    new Promise<string>((resolve, reject) => {
      onTestFinished(() => void socket.destroy())
      let answer = ''
      socket.setEncoding('utf8').on('data', (text) => {
        answer += text
      })
      socket.setTimeout(20_000, () => reject(new Error('not closed')))
      socket.on('error', () => {}).on('close', () => resolve(answer))
      if (bytes !== '') socket.write(bytes)
    })
  const json = 'Content-Type: application/json\r\n'
  const secured = () => tlsConnect({ port: Number(port), host, rejectUnauthorized: false })
  const head = `POST /api/v1/token HTTP/1.1\r\nHost: x\r\n${json}Content-Length: 9\r\n\r\n{`
  const [body, header, silence, noTls, malformed] = await Promise.all([
    answered(secured(), head),
    answered(secured(), 'GET / HTTP/1.1\r\nHos'),
    answered(secured()),
    answered(connect(Number(port), host)),
    answered(secured(), 'NONSENSE\r\n\r\n'),
  ])
  for (const answer of [body, header, silence]) expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(noTls).toBe('')
  expect(malformed).toMatch(/^HTTP\/1\.1 400 .*nosniff/s)
})

test('so many requests are worked on at a time, and whoever comes then is told when to come back', async () => {
  await using server = await startServerProcess({ env: { CARILLON_LIMITS: '{"requests_in_flight": 10}' } })
  const { port, hostname } = new URL(server.url)
  const head = 'POST /api/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
  const slow = Array.from({ length: 10 }, () => connect(Number(port), hostname).on('error', () => {}))
  for (const socket of slow) socket.write(head)
  const ask = () => server.api('GET', '/api/v1/me')
  await vi.waitFor(async () => expect((await ask()).status).toBe(503))
  const { headers, body } = await ask()
  expect(headers.get('retry-after')).toBe('1')
  expect(body).toMatchObject({ code: 'unavailable', detail: expect.stringMatching(/Too many requests at once/) })
  expect((await server.api('GET', '/health/live')).status).toBe(200)
  expect(await server.cli(['key', 'list'])).toMatchObject({ code: 0 })
  for (const socket of slow) socket.destroy()
  await vi.waitFor(async () => expect((await ask()).status).toBe(401))
})

test('where nobody needs a token, pages of other sites do all the same', async () => {
  const client = { insecure: true, allowed_origins: ['https://allowed.example.org'] }
  await using server = await startServerProcess({ env: { CARILLON_CLIENT: JSON.stringify(client) } })
  const foreign = { origin: 'https://elsewhere.example.org' }
  for (const headers of [foreign, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    expect(await upgradeStatus(server, headers)).toBe(403)
    const body = '{"id":1,"connect":{}}\n{"id":2,"publish":{"channel":"news:a","data":1}}'
    const stream = await openStream(`${server.url}/connection/http_stream`, { body, headers })
    expect(stream.status).toBe(403)
  }
  const query = `cf_connect=${encodeURIComponent('{"id":1,"connect":{}}')}`
  const image = await openStream(`${server.url}/connection/sse?${query}`, {
    headers: { 'sec-fetch-site': 'same-site' },
  })
  expect(image.status).toBe(403)

  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const { body } = await server.api('POST', '/api/v1/tickets', { headers: bearer(token) })
  const { ticket } = body as { ticket: string }
  const stream = await openStream(`${server.url}/connection/sse?${query}&ticket=${ticket}`, { headers: foreign })
  expect(stream.status).toBe(200)
  for (const headers of [
    {},
    { origin: server.url },
    { origin: 'https://allowed.example.org', 'sec-fetch-site': 'cross-site' },
    { origin: 'file://' },
    { origin: 'app://carillon' },
    { ...foreign, ...bearer(token) },
  ]) {
    expect(await upgradeStatus(server, headers as Record<string, string>), JSON.stringify(headers)).toBe(101)
  }
  using sdk = sdkClient(server)
  sdk.client.connect()
  await vi.waitFor(() => expect(sdk.client.state).toBe('connected'))
})

test('where a token is needed it says everything: pages of other sites get a socket, and have to bring one', async () => {
  await using server = await startServerProcess()
  expect(await upgradeStatus(server, { origin: 'https://elsewhere.example.org' })).toBe(101)
})
