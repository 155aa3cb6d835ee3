import { once } from 'node:events'
import { IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { UpgradeRequest } from '#server/realtime/realtime.ts'
import { limitRequests, unboundServer } from './unbound-server.ts'

const upgrade =
  'GET /connection/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n'

test('a plain upgrade is read without Node, and one with a ticket by it: both come to the same listener', async () => {
  const { server, open } = await start()
  const byNode: boolean[] = []
  server.on('upgrade', (request: UpgradeRequest, socket: Duplex, head: Buffer) => {
    byNode.push(request instanceof IncomingMessage)
    expect(head.length).toBe(0)
    socket.end(`${request.method} ${request.url} ${request.headers.host} ${request.socket === socket}`)
  })
  const ticket = upgrade.replace('websocket', 'websocket?ticket=tkt_x')
  expect(await answerTo(open(), upgrade)).toBe('GET /connection/websocket x true')
  expect(await answerTo(open(), ticket)).toBe('GET /connection/websocket?ticket=tkt_x x true')
  expect(byNode).toEqual([false, true])
})

test('cut anywhere it is read all the same, and what comes behind it is not lost', async () => {
  const { server, open } = await start()
  server.on('upgrade', (_request: UpgradeRequest, socket: Duplex, head: Buffer) => {
    socket.unshift(head)
    // As after looking up who it is.
    setImmediate(() => socket.on('data', (data: Buffer) => void socket.end(`had ${data}`)))
  })
  for (const cut of [1, 20, upgrade.length - 1, upgrade.length]) {
    const socket = open()
    socket.setNoDelay()
    const first = once(socket, 'data')
    socket.write(upgrade.slice(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    socket.write(`${upgrade.slice(cut)}frame`)
    expect(String((await first)[0]), `${cut}`).toBe('had frame')
  }
})

test('while nobody listens for upgrades it is a request like any other', async () => {
  const { open } = await start()
  expect(await answerTo(open(), upgrade)).toMatch(/^HTTP\/1\.1 503 /)
})

test('other requests are answered as ever: one after the other, from who has closed its half, and what is none', async () => {
  const { server, open } = await start()
  server.on('request', (request, response) => void response.end(request.url))
  server.on('upgrade', () => expect.unreachable())
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
  const both = await answerTo(open(), get('/one') + get('/two', 'Connection: close\r\n'))
  expect(both).toMatch(/\/one[\s\S]*\/two/)
  const half = open()
  half.end(get('/half'))
  expect(await rest(half)).toMatch(/\/half/)
  expect(await answerTo(open(), 'no HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  const silent = open()
  silent.end()
  expect(await rest(silent)).toBe('')
})

test('who says nothing, or not all, is told so when its time is up', async () => {
  const { server, open } = await start()
  limitRequests(server, { request_header_timeout: 1, request_timeout: 1 })
  server.on('upgrade', () => expect.unreachable())
  const [silent, slow] = [open(), open()]
  slow.write(upgrade.slice(0, 60))
  expect(await Promise.all([rest(silent), rest(slow)])).toEqual([
    expect.stringMatching(/^HTTP\/1\.1 408 /),
    expect.stringMatching(/^HTTP\/1\.1 408 /),
  ])
})

test('a server that closes waits for nobody who says nothing, and a client that is reset does no harm', async () => {
  const { server, open } = await start()
  const [silent, reset] = [open(), open()]
  await Promise.all([once(silent, 'connect'), once(reset, 'connect')])
  reset.resetAndDestroy()
  const closed = once(server, 'close', { signal: AbortSignal.timeout(5_000) })
  server.close()
  await closed
  expect(await rest(silent)).toBe('')
})

test('of many at once each is answered, and those that are reset meanwhile do no harm', async () => {
  const { server, open } = await start()
  server.on('request', (request, response) => void response.end(request.url))
  const sockets = Array.from({ length: 60 }, open)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const [n, socket] of sockets.entries()) {
    socket.write(`GET /${n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    if (n % 2 === 1) socket.resetAndDestroy()
  }
  for (const [n, socket] of sockets.entries()) {
    if (n % 2 === 0) expect(await rest(socket)).toMatch(new RegExp(`/${n}$`))
  }
  const closed = once(server, 'close', { signal: AbortSignal.timeout(5_000) })
  server.close()
  await closed
})

async function start() {
  const server: Server = unboundServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const open = (): Socket => {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    return socket
  }
  return { server, open }
}

function answerTo(socket: Socket, bytes: string): Promise<string> {
  socket.write(bytes)
  return rest(socket)
}

/** All that comes until the server ends. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket.setEncoding('latin1')) text += chunk
  return text
}
