import { existsSync, mkdtempSync, statSync } from 'node:fs'
import { request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { bindLocal, localSocketPath } from './listen.ts'

const socketPath = () => localSocketPath(mkdtempSync(join(tmpdir(), 'carillon-listen-')))
const close = (server: Server) => new Promise((resolve) => server.close(resolve))

test('of two servers that start at once on one data folder, one runs and the other is refused', async () => {
  const path = socketPath()
  const both = await Promise.allSettled([bindLocal(path), bindLocal(path)])
  const running = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const refused = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  await Promise.all(running.map(close))
  expect(running).toHaveLength(1)
  expect(refused).toEqual([expect.objectContaining({ code: 'already_running' })])
})

test('a data folder is free again once its server has closed', async () => {
  const path = socketPath()
  await close(await bindLocal(path))
  await close(await bindLocal(path))
})

test('a server that is still starting says so in a problem document', async () => {
  const path = socketPath()
  const server = await bindLocal(path)
  const body = await new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, path: '/api/v1/devices', agent: false })
    asked.on('response', (response) => json(response).then(resolve, reject))
    asked.on('error', reject).end()
  })
  await close(server)
  expect(body).toMatchObject({ status: 503, code: 'unavailable' })
})

test('nobody else can open the socket, from the moment it is there', async () => {
  const path = socketPath()
  const binding = bindLocal(path)
  const modes = new Set<number>()
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve))
  modes.add(statSync(path).mode & 0o777)
  const server = await binding
  modes.add(statSync(path).mode & 0o777)
  await close(server)
  expect([...modes]).toEqual([0o600])
})
