import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'

const data = 'x'.repeat(60_000)
const limits = { writeMs: 1_500, outboxBytes: 512 * 1024 * 1024, slowGraceMs: 50, closeGraceMs: 50 }

/** A client that listens over a socket nobody reads from. */
async function listen(rig: RealtimeRig, head: string): Promise<Socket> {
  const socket = connect(Number(new URL(rig.httpUrl).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(head, 'latin1')
  await once(socket, 'readable')
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(true)
  return socket
}

const request = '{"subs":{"open:a":{}}}'
const overHttp = `POST /connection/uni_http_stream HTTP/1.1\r\nHost: x\r\nContent-Length: ${request.length}\r\n\r\n${request}`
const mask = '\0\0\0\0'
const overWebSocket = `GET /connection/uni_websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n\x81${String.fromCharCode(0x80 + request.length)}${mask}${request}`

/** Publishes until more waits than the kernel hides. */
async function fill(rig: RealtimeRig, publications: number): Promise<void> {
  for (let count = 0; count < publications; count++) await rig.publish('open:a', data)
}

test.each([
  ['a WebSocket', overWebSocket],
  ['an HTTP stream', overHttp],
])('%s that takes nothing of what waits for it is closed with 3009', async (_what, head) => {
  const rig = await startRealtime({ known: person('ada'), limits })
  await listen(rig, head)
  await fill(rig, 300)
  await expect.poll(() => rig.logged.some((line) => line.includes('"code":3009'))).toBe(true)
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
})

test.each([
  ['a WebSocket', overWebSocket],
  ['an HTTP stream', overHttp],
])('%s that is read slowly, but read, stays', async (_what, head) => {
  const rig = await startRealtime({ known: person('ada'), limits })
  const socket = await listen(rig, head)
  let bytes = 0
  const reading = setInterval(() => {
    bytes += (socket.read() as Buffer | null)?.length ?? 0
  }, 10)
  onTestFinished(() => clearInterval(reading))
  await fill(rig, 400)
  await expect.poll(() => bytes, { timeout: 20_000, interval: 100 }).toBeGreaterThan(400 * data.length)
  expect(rig.logged.filter((line) => line.includes('3009'))).toEqual([])
  expect(rig.realtime.isOnline('ada')).toBe(true)
})
