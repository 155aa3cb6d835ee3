import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A WebSocket client made of bytes, which breaks the rules below the protocol as well. */
export interface TcpClient {
  readonly socket: Socket
  /** Every frame so far. A close frame has a code. */
  readonly frames: readonly Frame[]
  send(...frames: Buffer[]): void
  /** The first frame, received already or not, that fits. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>
  /** The reply to the command with this id. */
  reply(id: number): Promise<unknown>
  readonly ended: Promise<unknown>
}

export interface Frame {
  readonly opcode: number
  readonly text: string
  readonly code: number | null
}

export async function openTcp(url: string): Promise<TcpClient> {
  const { hostname, port, pathname, host } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay()
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  const ended = once(socket, 'close')
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  let bytes: Buffer = Buffer.alloc(0)
  let isUpgraded = false
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    if (!isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end === -1) return
      isUpgraded = bytes.subarray(0, end).includes(' 101 ')
      bytes = bytes.subarray(end + 4)
    }
    bytes = takeFrames(bytes, frames)
    for (const look of [...waiting]) look()
  })
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  const frame = (fits: (frame: Frame) => boolean) =>
    new Promise<Frame>((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer)
        waiting.delete(look)
        finish()
      }
      const look = () => {
        const found = frames.find(fits)
        if (found) settle(() => resolve(found))
      }
      const fail = () => reject(new Error(`no such frame among ${JSON.stringify(frames).slice(0, 500)}`))
      const timer = setTimeout(() => settle(fail), 5_000)
      waiting.add(look)
      look()
    })
  return {
    socket,
    frames,
    ended,
    frame,
    send: (...sent) => void socket.write(Buffer.concat(sent)),
    async reply(id) {
      const isReply = (line: string) => (JSON.parse(line) as { id?: number }).id === id
      const { text } = await frame(({ opcode, text: lines }) => opcode === 1 && lines.split('\n').some(isReply))
      return JSON.parse(text.split('\n').find(isReply) ?? '')
    },
  }
}

export interface FrameOptions {
  readonly opcode?: number
  readonly fin?: boolean
  /** The bits that are free for extensions. */
  readonly reserved?: number
  readonly masked?: boolean
  /** Said instead of the true one. */
  readonly length?: bigint
}

/** A frame as a client sends it, or as none should. */
export function clientFrame(payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, reserved = 0, masked = true, length } = options
  const bytes = Buffer.from(payload)
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  const size = length ?? BigInt(bytes.length)
  const bit = masked ? 0x80 : 0
  let header: Buffer
  if (size < 126n) {
    header = Buffer.from([first, bit | Number(size)])
  } else if (size < 65_536n) {
    header = Buffer.from([first, bit | 126, 0, 0])
    header.writeUInt16BE(Number(size), 2)
  } else {
    header = Buffer.from([first, bit | 127, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeBigUInt64BE(size, 2)
  }
  if (!masked) return Buffer.concat([header, bytes])
  const mask = randomBytes(4)
  const hidden = bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([header, mask, hidden])
}

export const command = (value: unknown): Buffer => clientFrame(JSON.stringify(value))

/** Answers what is left over. */
function takeFrames(bytes: Buffer, frames: Frame[]): Buffer {
  let rest = bytes
  for (;;) {
    if (rest.length < 2) return rest
    const short = rest.readUInt8(1) & 0x7f
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < header) return rest
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (rest.length < header + length) return rest
    const opcode = rest.readUInt8(0) & 0x0f
    const payload = rest.subarray(header, header + length)
    const isClose = opcode === 8
    const code = isClose && length >= 2 ? payload.readUInt16BE(0) : null
    frames.push({ opcode, text: payload.subarray(isClose ? 2 : 0).toString(), code })
    rest = rest.subarray(header + length)
  }
}
