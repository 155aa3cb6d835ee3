import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'
import { selfSigned } from './test-support/self-signed.ts'

const info = { name: 'carillon', version: '0.1.0', setUp: true }

test('a Carillon server is recognised', async () => {
  const origin = await listen(answering(200, info))
  expect(await createServerApi({ origin }).check()).toEqual(info)
})

test.each([
  ['an HTML page', 200, '<!doctype html><title>Router</title>'],
  ['other JSON', 200, { name: 'homeassistant', version: '1' }],
  ['an empty answer', 200, ''],
  ['a page that is not there', 404, '<h1>Not found</h1>'],
])('a server that answers with %s is not Carillon', async (_, status, body) => {
  const origin = await listen(answering(status, body))
  const error = await failure(createServerApi({ origin }).check())
  expect(error).toMatchObject({ code: 'not_carillon', message: expect.stringContaining('Check the address') })
})

test('a redirect is not followed, and the sentence names where it leads', async () => {
  const origin = await listen((_, response) => {
    response.writeHead(301, { location: 'https://elsewhere.example/x' }).end()
  })
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'not_carillon',
    message: expect.stringContaining('https://elsewhere.example:'),
  })
})

test('an answer without end is cut off', async () => {
  const origin = await listen((_, response) => {
    const block = Buffer.alloc(256 * 1024, 32)
    const write = () => void (response.write(block) ? setImmediate(write) : response.once('drain', write))
    write()
  })
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({ code: 'not_carillon' })
})

test('a port where nothing listens is unreachable', async () => {
  const server = createServer()
  const origin = await listenWith(server)
  await new Promise((closed) => server.close(closed))
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('Nothing listens at 127.0.0.1:'),
  })
})

test('a name that does not exist is unreachable', async () => {
  expect(await failure(createServerApi({ origin: 'http://nobody.invalid' }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('nobody.invalid'),
  })
})

test('a server that does not answer in time is unreachable', async () => {
  const origin = await listen(() => {})
  expect(await failure(createServerApi({ origin, timeout: 60 }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('did not answer within'),
  })
})

test('a server that stops in the middle of its answer is unreachable', async () => {
  const origin = await listen((request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"name":')
    setImmediate(() => request.socket.destroy())
  })
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({ code: 'server_unreachable' })
})

test('something that is no web server is unreachable', async () => {
  const server = createTcp((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n', () => socket.destroy()))
  })
  const origin = await listenWith(server as unknown as Server)
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('does not speak HTTP'),
  })
})

test('a plain server asked by TLS says that http:// is meant', async () => {
  const origin = (await listen(answering(200, info))).replace('http:', 'https:')
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('write http:// before the address'),
  })
})

test('a certificate nobody trusts is refused and named', async () => {
  const server = createHttps(selfSigned, answering(200, info))
  const origin = (await listenWith(server)).replace('http://127.0.0.1', 'https://localhost')
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('not trusted on this machine'),
  })
})

test('a proxy without a server behind it is unreachable, not a stranger', async () => {
  const origin = await listen(answering(502, '<h1>Bad gateway</h1>'))
  expect(await failure(createServerApi({ origin }).check())).toMatchObject({
    code: 'server_unreachable',
    message: expect.stringContaining('status 502'),
  })
})

test('what the caller aborts ends at once', async () => {
  const origin = await listen(() => {})
  const controller = new AbortController()
  const asked = failure(createServerApi({ origin }).check(controller.signal))
  controller.abort()
  expect(await asked).toMatchObject({ code: 'server_unreachable' })
})

test('a problem document becomes its code and its sentence', async () => {
  const detail = 'The e-mail address or the password is wrong. Try again.'
  const origin = await listen(answering(401, { ...problemOf('wrong_credentials', 401), detail }))
  const error = await failure(createServerApi({ origin }).signIn({ email: 'ada@example.org', password: 'wrong' }))
  expect(error).toMatchObject({ code: 'wrong_credentials', message: detail, isRejection: false })
})

test('only a code of the server makes a credential rejected, never a page of somebody else', async () => {
  const ours = await listen(answering(401, problemOf('invalid_token', 401)))
  const portal = await listen(answering(401, '<h1>Log in to the hotel network</h1>'))
  expect(await failure(createServerApi({ origin: ours }).me('t'))).toMatchObject({ isRejection: true })
  expect(await failure(createServerApi({ origin: portal }).me('t'))).toMatchObject({
    code: 'not_carillon',
    isRejection: false,
  })
})

test('each verb asks for its path with the token, its body and our own origin', async () => {
  const seen: string[] = []
  const answers: Record<string, unknown> = {
    'POST /api/v1/token': { token: 'session', expiresAt: '2026-01-01T00:00:00Z' },
    'POST /api/v1/access-tokens': { token: 'jwt', expiresIn: 300 },
    'POST /api/v1/devices/me/credential': { token: 'renewed', expiresAt: '2026-01-01T00:00:00Z' },
    'GET /api/v1/stars': { channels: ['news:a'] },
  }
  const origin = await listen(async (request, response) => {
    const call = `${request.method} ${request.url}`
    expect(request.headers['user-agent']).toBe('bell/1.0')
    seen.push([call, request.headers.authorization ?? '-', request.headers.origin, await textOf(request)].join(' | '))
    if (call in answers) response.end(JSON.stringify(answers[call]))
    else response.writeHead(204).end()
  })
  const api = createServerApi({ origin, userAgent: 'bell/1.0' })
  expect(await api.signIn({ email: 'ada@example.org', password: 'correct horse', code: '123456' })).toEqual(
    answers['POST /api/v1/token'],
  )
  expect(await api.accessToken('session')).toEqual({ token: 'jwt', expiresIn: 300 })
  expect(await api.stars('session')).toEqual(['news:a'])
  await api.star('session', 'news:a#7')
  await api.unstar('session', 'news:a#7')
  expect(await api.deviceCredential('session', 'keychain')).toMatchObject({ token: 'renewed' })
  await api.reportDevice('session', 'memory')
  await api.signOut('session')
  expect(seen).toEqual([
    `POST /api/v1/token | - | ${origin} | {"email":"ada@example.org","password":"correct horse","code":"123456"}`,
    `POST /api/v1/access-tokens | Bearer session | ${origin} | `,
    `GET /api/v1/stars | Bearer session | ${origin} | `,
    `PUT /api/v1/stars/news%3Aa%237 | Bearer session | ${origin} | `,
    `DELETE /api/v1/stars/news%3Aa%237 | Bearer session | ${origin} | `,
    `POST /api/v1/devices/me/credential | Bearer session | ${origin} | {"storage":"keychain"}`,
    `PATCH /api/v1/devices/me | Bearer session | ${origin} | {"storage":"memory"}`,
    `DELETE /api/v1/token | Bearer session | ${origin} | `,
  ])
})

function problemOf(code: string, status: number) {
  return { type: 'about:blank', title: code, status, code, detail: 'Sign in again.' }
}

function answering(status: number, body: unknown): RequestListener {
  return (_, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

function listen(listener: RequestListener): Promise<string> {
  return listenWith(createServer(listener))
}

async function listenWith(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(async () => {
    server.closeAllConnections?.()
    await new Promise((closed) => server.close(closed))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failure(promise: Promise<unknown>): Promise<ServerError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ServerError)
  return error as ServerError
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
