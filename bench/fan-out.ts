import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

/**
 * Deliveries per CPU second of the server, whole protocol included, beside a bare `ws` send loop in the same run. On a
 * shared machine only the ratios mean something.
 *
 *     node bench/fan-out.ts [--subscribers 1000] [--seconds 3]
 */
const { values } = parseArgs({ options: { subscribers: { type: 'string' }, seconds: { type: 'string' } } })
const subscribers = Number(values.subscribers ?? 1000)
const seconds = Number(values.seconds ?? 3)

for (const together of [1, 32]) {
  const bare = await measure('ws', together)
  console.log(`${together} at a time: bare ws ${format(bare)}`)
  for (const [kind, name] of [
    ['plain', 'without history'],
    ['history', 'with durable history'],
  ] as const) {
    const ours = await measure(kind, together)
    console.log(`${together} at a time: carillon ${name} ${format(ours)}, ${(ours / bare).toFixed(2)} times bare ws`)
  }
}

/** Publishes `together` at a time, the next when every subscriber has them all. */
async function measure(kind: string, together: number): Promise<number> {
  const server = fork(new URL('./fan-out-server.ts', import.meta.url), [kind])
  const { port } = await answer<{ port: number }>(server)
  let received = 0
  let expected = 0
  let whenAll = () => {}
  const sockets = await Promise.all(
    Array.from({ length: subscribers }, () =>
      subscribe(port, kind, () => {
        received += 1
        if (received === expected) whenAll()
      }),
    ),
  )
  const round = () =>
    new Promise<void>((resolve) => {
      whenAll = resolve
      expected += together * subscribers
      server.send({ publish: together })
    })
  received = 0
  for (let warmUp = 0; warmUp < 50; warmUp++) await round()
  const before = await usage(server)
  const begun = received
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) await round()
  const cpu = (await usage(server)) - before
  for (const socket of sockets) socket.destroy()
  server.disconnect()
  await once(server, 'exit')
  return (received - begun) / cpu
}

/** A subscriber that costs the machine little: it counts frames and looks into none. */
async function subscribe(port: number, kind: string, onDelivery: () => void) {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from('0123456789abcdef').toString('base64')}\r\n\r\n`,
  )
  await once(socket, 'data')
  if (kind !== 'ws') {
    const commands = [
      { connect: { token: 'tkt_bench' }, id: 1 },
      { subscribe: { channel: 'bench:a' }, id: 2 },
    ]
    const replies = countFrames(socket, commands.length)
    socket.write(maskedFrame(commands.map((command) => JSON.stringify(command)).join('\n')))
    await replies
  }
  void countFrames(socket, Number.POSITIVE_INFINITY, onDelivery)
  return socket
}

/** Resolves after `count` frames of the server. */
function countFrames(socket: ReturnType<typeof connect>, count: number, onFrame = () => {}): Promise<void> {
  let buffered: Buffer = Buffer.alloc(0)
  let frames = 0
  return new Promise((resolve) => {
    const take = (chunk: Buffer) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      for (let length = frameLength(buffered); length <= buffered.length; length = frameLength(buffered)) {
        buffered = buffered.subarray(length)
        frames += 1
        onFrame()
      }
      if (frames < count) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
  })
}

function frameLength(buffer: Buffer): number {
  const short = (buffer[1] ?? 0) & 0x7f
  if (buffer.length < 4) return Number.POSITIVE_INFINITY
  return short < 126 ? 2 + short : 4 + buffer.readUInt16BE(2)
}

function maskedFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff]
  // A mask of zeros leaves the text as it is.
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), Buffer.from(text)])
}

async function answer<T>(server: ChildProcess): Promise<T> {
  const [message] = await once(server, 'message')
  return message as T
}

/** CPU seconds used so far. */
async function usage(server: ChildProcess): Promise<number> {
  server.send({ usage: true })
  const { cpu } = await answer<{ cpu: NodeJS.CpuUsage }>(server)
  return (cpu.user + cpu.system) / 1e6
}

function format(deliveries: number): string {
  return `${Math.round(deliveries).toLocaleString('en')} deliveries per CPU second`
}
