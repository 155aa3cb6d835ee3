import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { problem } from '#protocol/problem.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import { bindLocal, localSocketPath } from './listen.ts'
import { createUpgrade } from './upgrade.ts'

test('a ticket that cannot be looked up now is not said to be wrong', async () => {
  const path = localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-upgrade-')))
  const server = await bindLocal(path)
  const upgrade = createUpgrade({
    realtime: { upgrade: () => expect.unreachable(), isFull: () => false, mark: () => 0 },
    recognize: async () => {
      throw new AuthError('unavailable', 'Try again in a second.')
    },
    addressOf: () => '192.0.2.7',
    isAllowedOrigin: () => expect.unreachable(),
    refusesForeignPages: false,
    log: pino({ level: 'silent' }),
  })
  server.on('upgrade', upgrade)
  const client = connect({ path })
  client.write(
    'GET /connection/websocket?ticket=tkt_x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  const [answer] = await once(client, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 503 .*\r\n(.+\r\n)*Retry-After: 1\r\n/)
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('an address that is none is not found, and nothing of it is logged', async () => {
  const path = localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-upgrade-')))
  const server = await bindLocal(path)
  const logged: string[] = []
  const upgrade = createUpgrade({
    realtime: { upgrade: () => expect.unreachable(), isFull: () => expect.unreachable(), mark: () => 0 },
    recognize: () => expect.unreachable(),
    addressOf: () => expect.unreachable(),
    isAllowedOrigin: () => expect.unreachable(),
    refusesForeignPages: false,
    log: pino({ level: 'trace' }, { write: (line) => void logged.push(line) }),
  })
  server.on('upgrade', upgrade)
  const client = connect({ path })
  client.write('GET //?ticket=tkt_x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [answer] = await once(client, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /)
  expect(logged).toEqual([])
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('a ticket that was used is refused with what to do about it', async () => {
  const path = localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-upgrade-')))
  const server = await bindLocal(path)
  const upgrade = createUpgrade({
    realtime: { upgrade: () => expect.unreachable(), isFull: () => false, mark: () => 0 },
    recognize: async () => 'refused' as const,
    addressOf: () => '192.0.2.7',
    isAllowedOrigin: () => expect.unreachable(),
    refusesForeignPages: false,
    log: pino({ level: 'silent' }),
  })
  server.on('upgrade', upgrade)
  const asked = request({
    ...{ socketPath: path, path: '/connection/websocket?ticket=tkt_x' },
    headers: { connection: 'Upgrade', upgrade: 'websocket' },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(401)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  const detail = expect.stringMatching(/ticket was used .* Fetch another/)
  expect(problem.parse(await json(answer))).toMatchObject({ status: 401, code: 'unauthorized', detail })
  await new Promise((resolve) => server.close(resolve))
})

test('a refused upgrade is closed even when the client keeps its half of the connection open', async () => {
  const path = localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-upgrade-')))
  const server = await bindLocal(path)
  // Refused for its path: nobody is asked who it is.
  const upgrade = createUpgrade({
    realtime: { upgrade: () => expect.unreachable(), isFull: () => false, mark: () => 0 },
    recognize: () => expect.unreachable(),
    addressOf: () => expect.unreachable(),
    isAllowedOrigin: () => expect.unreachable(),
    refusesForeignPages: false,
    log: pino({ level: 'silent' }),
  })
  server.on('upgrade', upgrade)
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.once('close', () => resolve()))
  })

  const client = connect({ path, allowHalfOpen: true })
  let answer = ''
  client.on('data', (chunk) => {
    answer += String(chunk)
  })
  client.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await Promise.all([closed, once(client, 'end')])
  expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})
