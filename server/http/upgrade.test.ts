import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { bindLocal, localSocketPath } from './listen.ts'
import { createUpgrade } from './upgrade.ts'

test('a refused upgrade is closed even when the client keeps its half of the connection open', async () => {
  const path = localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-upgrade-')))
  const server = await bindLocal(path)
  // Refused for its path: nobody is asked who it is.
  const upgrade = createUpgrade({
    realtime: { upgrade: () => expect.unreachable(), isFull: () => false },
    recognize: () => expect.unreachable(),
    addressOf: () => expect.unreachable(),
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
