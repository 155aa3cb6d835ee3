import { isUtf8 } from 'node:buffer'
import { isCloseCode } from './close-frame.ts'

/** What is told of a client's frames. After `closed` and `broken` nothing more is. */
export interface FrameListener {
  /** A whole message; null for a binary one. */
  message(text: string | null): void
  /** The payload is only valid during the call. */
  ping(payload: Buffer): void
  /** The client's close frame: 1005 when it says no code. */
  closed(code: number): void
  /** Not WebSocket, or more than may come: the code to close with. */
  broken(code: BrokenCode, sentence: string): void
}

type BrokenCode = 1002 | 1007 | 1009

/**
 * The server's reading of WebSocket frames (RFC 6455, section 5), without extensions. Bytes may be cut anywhere; what is
 * held of a frame or message that is not whole is bounded by what a message may be.
 */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #maxBytes: number
  /** What has come of a frame, and of a message in fragments: nearly always nothing. */
  #frame: Gathered | null = null
  #message: (Gathered & { readonly isText: boolean }) | null = null
  #isDone = false

  constructor(listener: FrameListener, maxBytes: number) {
    this.#listener = listener
    this.#maxBytes = maxBytes
  }

  /** Unmasks in place. */
  read(chunk: Buffer): void {
    if (this.#isDone) return
    if (this.#frame !== null) gather(this.#frame, chunk)
    const data = this.#frame === null ? chunk : this.#frame.buffer.subarray(0, this.#frame.length)
    let at = 0
    while (!this.#isDone) {
      const next = this.#take(data, at)
      if (next === null) break
      at = next
    }
    if (this.#isDone || at === data.length) this.#frame = null
    else if (this.#frame === null || at > 0) this.#frame = gather({ buffer: none, length: 0 }, data.subarray(at))
  }

  /** Where the frame at this place ends; null when it is not whole, or wrong. */
  #take(data: Buffer, at: number): number | null {
    const [first, second] = [data[at], data[at + 1]]
    if (first === undefined || second === undefined) return null
    const opcode = first & 0x0f
    const isFinal = (first & 0x80) !== 0
    const wrong = this.#wrongHeader(opcode, isFinal, first, second)
    if (wrong !== null) return this.#break(1002, wrong)
    const short = second & 0x7f
    const start = at + (short < 126 ? 6 : short === 126 ? 8 : 14)
    if (start > data.length) return null
    // More than 2^32 is too much, whatever it is exactly.
    const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : lengthAt(data, at + 2)
    const gathered = opcode === opcodes.continuation ? (this.#message?.length ?? 0) : 0
    if (length + gathered > this.#maxBytes) return this.#break(1009, 'a message is too large')
    const end = start + length
    if (end > data.length) return null
    unmask(data, start, end)
    this.#finish(opcode, isFinal, data.subarray(start, end))
    return end
  }

  #wrongHeader(opcode: number, isFinal: boolean, first: number, second: number): string | null {
    if ((first & 0x70) !== 0) return 'a frame of an extension that was not agreed on'
    if ((second & 0x80) === 0) return 'a frame without a mask'
    if (opcode === opcodes.continuation) return this.#message === null ? 'a fragment of no message' : null
    if (opcode === opcodes.text || opcode === opcodes.binary) {
      return this.#message === null ? null : 'a message within another'
    }
    if (opcode < opcodes.close || opcode > opcodes.pong) return 'a frame of an unknown kind'
    return isFinal && (second & 0x7f) < 126 ? null : 'a control frame that is too long or in fragments'
  }

  #finish(opcode: number, isFinal: boolean, payload: Buffer): void {
    switch (opcode) {
      case opcodes.close:
        this.#close(payload)
        break
      case opcodes.ping:
        this.#listener.ping(payload)
        break
      case opcodes.pong:
        break
      default:
        this.#fragment(opcode, isFinal, payload)
    }
  }

  #fragment(opcode: number, isFinal: boolean, payload: Buffer): void {
    if (isFinal && this.#message === null) {
      this.#tell(opcode === opcodes.text, payload)
      return
    }
    this.#message ??= { buffer: none, length: 0, isText: opcode === opcodes.text }
    const message = this.#message
    gather(message, payload)
    if (!isFinal) return
    this.#message = null
    this.#tell(message.isText, message.buffer.subarray(0, message.length))
  }

  #tell(isText: boolean, payload: Buffer): void {
    if (!isText) this.#listener.message(null)
    else if (isUtf8(payload)) this.#listener.message(payload.toString())
    else this.#break(1007, 'a text that is not UTF-8')
  }

  #close(payload: Buffer): void {
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
    if (payload.length === 1 || (payload.length > 1 && !isCloseCode(code))) this.#break(1002, 'no code to close with')
    else if (!isUtf8(payload.subarray(2))) this.#break(1007, 'a reason that is not UTF-8')
    else {
      this.#isDone = true
      this.#listener.closed(code)
    }
  }

  #break(code: BrokenCode, sentence: string): null {
    this.#isDone = true
    this.#message = null
    this.#listener.broken(code, sentence)
    return null
  }
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A Buffer that grows by doubling, so that many small pieces cost what they weigh. */
interface Gathered {
  buffer: Buffer
  length: number
}

const none = Buffer.alloc(0)

function gather(gathered: Gathered, piece: Buffer): Gathered {
  const length = gathered.length + piece.length
  if (length > gathered.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, gathered.buffer.length * 2))
    gathered.buffer.copy(larger, 0, 0, gathered.length)
    gathered.buffer = larger
  }
  piece.copy(gathered.buffer, gathered.length)
  gathered.length = length
  return gathered
}

function lengthAt(data: Buffer, at: number): number {
  return data.readUInt32BE(at) === 0 ? data.readUInt32BE(at + 4) : Number.POSITIVE_INFINITY
}

/** The mask stands right before the payload. */
function unmask(data: Buffer, start: number, end: number): void {
  for (let at = start, from = start - 4, n = 0; at < end; at++, n++) {
    data[at] = (data[at] as number) ^ (data[from + (n & 3)] as number)
  }
}
