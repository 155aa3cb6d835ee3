import type { Link, Take } from './link.ts'

/** The client's side of WebSocket, as far as load needs it. */
export async function upgrade(link: Link, path: string): Promise<void> {
  link.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  const answer = (await link.answer(endOfHeaders)).toString('latin1')
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error(`the server refused the upgrade: ${answer.split('\r\n')[0]}`)
}

export function endOfHeaders(received: Buffer): number {
  const end = received.indexOf('\r\n\r\n')
  return end < 0 ? -1 : end + 4
}

/** The next `count` messages of the server. */
export async function messages(link: Link, count: number): Promise<string[]> {
  const frames = await link.answer((received) => endOfFrames(received, count))
  const texts: string[] = []
  for (let at = 0; at < frames.length; ) {
    const { start, end } = frameAt(frames, at)
    texts.push(frames.toString('utf8', start, end))
    at = end
  }
  return texts
}

/** A client's text frame; a mask of zeros leaves the text as it is. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), Buffer.from(text)])
}

/** Shown every frame that is no ping; the bytes are only valid during the call. */
export type OnFrame = (data: Buffer, start: number, end: number, opcode: number) => void

/** Counts frames that are long enough for a publication. Short ones are pings, each answered with `pong`. */
export function framesAreTaken(link: Link, pong: Buffer | null, onFrame?: OnFrame): Take {
  let rest: Buffer | null = null
  return (chunk) => {
    const data = rest === null ? chunk : Buffer.concat([rest, chunk])
    let count = 0
    let at = 0
    while (at + 4 <= data.length || isShortFrame(data, at)) {
      const { start, end } = frameAt(data, at)
      if (end > data.length) break
      const opcode = (data[at] ?? 0) & 0x0f
      at = end
      if (end - start > longestPing || opcode !== textOpcode) {
        count += 1
        onFrame?.(data, start, end, opcode)
      } else if (pong !== null) {
        link.write(pong)
      }
    }
    rest = at < data.length ? Buffer.from(data.subarray(at)) : null
    return count
  }
}

const textOpcode = 1
export const closeOpcode = 8
const key = Buffer.from('0123456789abcdef').toString('base64')
const longestPing = 16

/** A frame of two or three bytes is whole although no longer header would fit. */
function isShortFrame(data: Buffer, at: number): boolean {
  return at + 2 <= data.length && at + 2 + ((data[at + 1] ?? 0) & 0x7f) <= data.length
}

function frameAt(data: Buffer, at: number): { readonly start: number; readonly end: number } {
  const short = (data[at + 1] ?? 0) & 0x7f
  if (short < 126) return { start: at + 2, end: at + 2 + short }
  if (short === 126) return { start: at + 4, end: at + 4 + data.readUInt16BE(at + 2) }
  if (at + 10 > data.length) return { start: at + 10, end: Number.POSITIVE_INFINITY }
  return { start: at + 10, end: at + 10 + data.readUInt32BE(at + 6) }
}

function endOfFrames(received: Buffer, count: number): number {
  let at = 0
  for (let n = 0; n < count; n++) {
    if (at + 2 > received.length || (at + 4 > received.length && !isShortFrame(received, at))) return -1
    at = frameAt(received, at).end
    if (at > received.length) return -1
  }
  return at
}
