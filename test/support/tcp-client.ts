import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Frame, takeFrames } from './websocket-frames.ts'

/** A WebSocket client made of bytes, which breaks the rules below the protocol as well. */
export interface TcpClient {
  readonly socket: Socket
  /** Every frame so far. */
  readonly frames: readonly Frame[]
  send(...frames: Buffer[]): void
  /** The first frame, received already or not, that fits. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>
  /** The reply to the command with this id. */
  reply(id: number): Promise<unknown>
  readonly ended: Promise<unknown>
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
    bytes = takeFrames(bytes, (frame) => frames.push(frame))
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
