import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

const count = 10_000
const heapOnSignal = new URL('./heap-on-signal.ts', import.meta.url).href

test('ten thousand sockets that say nothing disturb nobody, and leave nothing behind', {
  timeout: 180_000,
}, async () => {
  await using server = await startServerProcess({
    // Without the bounds that would keep most of them out.
    env: {
      NODE_OPTIONS: `--import ${heapOnSignal}`,
      CARILLON_LIMITS: JSON.stringify({
        waiting_connections: 2 * count,
        waiting_connections_per_address: 0,
        new_connections_per_second: 0,
      }),
    },
  })
  const guest = await createGuest(server)
  const warmUp = await openSockets(server, 'upgraded', 500)
  await guest.visits()
  warmUp.close()
  const before = await heapOf(server)
  for (const kind of ['mute', 'upgraded'] as const) {
    const flood = await openSockets(server, kind, count)
    await guest.visits()
    if (kind === 'upgraded') {
      await expect.poll(() => flood.open(), { timeout: 60_000, interval: 200 }).toBe(0)
      expect(flood.answers('stale')).toBe(count)
    }
    flood.close()
  }
  await guest.visits()
  // An upgraded socket needs some kilobytes.
  await expect
    .poll(async () => (await heapOf(server)) - before, { timeout: 20_000, interval: 500 })
    .toBeLessThan(count * 100)
})

/** Somebody who comes by ticket, subscribes, gets a publication and goes, within seconds. */
async function createGuest(server: ServerProcess) {
  const { token } = await signIn(server, 'guest@example.org', 'viewer')
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  return {
    async visits() {
      const begun = performance.now()
      using guest = sdkClient(server, { getToken: ticketFor(server, token) })
      guest.client.connect()
      const { received } = await collect(guest.client, 'news:a')
      await server.api('POST', '/api/publish', { headers, body: { channel: 'news:a', data: 'ring' } })
      await expect.poll(() => received, { timeout: 10_000 }).toEqual(['ring'])
      expect(performance.now() - begun).toBeLessThan(10_000)
    },
  }
}

async function openSockets(server: ServerProcess, kind: 'mute' | 'upgraded', howMany: number) {
  const { hostname, port, host } = new URL(server.url)
  const sockets: Socket[] = []
  const heard: string[] = []
  const request =
    `GET /connection/websocket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  // As many at a time as a listening socket takes.
  for (let opened = 0; opened < howMany; opened += 250) {
    await Promise.all(Array.from({ length: Math.min(250, howMany - opened) }, open))
  }
  return {
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    answers: (words: string) => heard.filter((text) => text.includes(words)).length,
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }

  function open(): Promise<void> {
    const index = sockets.length
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    heard.push('')
    socket.setEncoding('latin1').on('data', (text) => {
      heard[index] = `${heard[index]}${text}`
    })
    return new Promise((resolve) => {
      socket.on('error', () => resolve())
      socket.on('connect', () => {
        if (kind === 'upgraded') socket.write(request)
        resolve()
      })
    })
  }
}

/** What is in use when everything else has been collected, in bytes. */
async function heapOf(server: ServerProcess): Promise<number> {
  const told = () => [...server.output().matchAll(/^heap in use: (\d+)$/gm)]
  const before = told().length
  process.kill(server.pid ?? Number.NaN, 'SIGUSR2')
  await expect.poll(() => told().length, { timeout: 10_000 }).toBeGreaterThan(before)
  return Number(told().at(-1)?.[1])
}
