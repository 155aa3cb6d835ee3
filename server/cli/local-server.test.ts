import { writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { bindLocal, localSocketPath } from '#server/http/listen.ts'
import { lockFolder } from '#server/store/folder-lock.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { openApi } from './api.ts'
import { localServer } from './local-server.ts'

const close = (server: Server) => new Promise((resolve) => server.close(resolve))

test('a folder without a server has none, and is left as it is', async () => {
  expect(await localServer(localSocketPath(temporaryFolder()))).toBe('absent')
  expect(await localServer('/nowhere/carillon.sock')).toBe('absent')
})

test('a server that is bound and answers nothing yet is changing, then it serves, then it is gone', async () => {
  const path = localSocketPath(temporaryFolder())
  const server = await bindLocal(path)
  expect(await localServer(path)).toBe('changing')
  server.on('request', (_request, response) => void (response.headersSent || response.writeHead(200).end()))
  expect(await localServer(path)).toBe('serving')
  await close(server)
  expect(await localServer(path)).toBe('absent')
})

test('a command waits for a server that has the folder and does not listen yet', async () => {
  const data = temporaryFolder()
  writeFileSync(join(data, 'carillon.sqlite'), '')
  const lock = lockFolder(data)
  const startServer = vi.fn(async () => ({
    url: '',
    address: '',
    transport: null,
    setupLink: null,
    addressForOthers: null,
    async [Symbol.asyncDispose]() {},
  }))
  let isOpen = false
  const opening = openApi({ startServer, startWorker: vi.fn(), env: {}, cwd: data }, { data }, { offline: true })
  void opening.then(() => {
    isOpen = true
  })
  for (let looks = 0; looks < 3; looks++) {
    expect(await localServer(localSocketPath(data))).toBe('changing')
    expect(isOpen).toBe(false)
  }
  lock?.[Symbol.dispose]()
  await using api = await opening
  expect(api.offline).not.toBeNull()
  expect(startServer).toHaveBeenCalledTimes(1)
})
