import { randomBytes } from 'node:crypto'

/** A frame as a server sends it. A close frame has a code. */
export interface Frame {
  readonly opcode: number
  readonly text: string
  readonly code: number | null
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

/** Takes whole frames off the front of what was read, and answers what is left over. */
export function takeFrames(bytes: Buffer, take: (frame: Frame) => void): Buffer {
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
    rest = rest.subarray(header + length)
    const isClose = opcode === 8
    const code = isClose && length >= 2 ? payload.readUInt16BE(0) : null
    take({ opcode, text: payload.subarray(isClose ? 2 : 0).toString(), code })
  }
}
