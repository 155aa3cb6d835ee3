import type { Writable } from 'node:stream'
import type { Encode, Transport } from './transport.ts'
import type { WriteTurn } from './write-turn.ts'

/** Whose outbox it is. */
export interface OutboxOwner {
  /** The reader left too much unread; the outbox is closed. */
  overflowed(): void
}

/**
 * The only way out to one client: whole WebSocket frames in the order in which they were put in, written together at the
 * end of the turn, for other transports in their own framing. Bounded: a reader that leaves more than `maxBytes` unread
 * is given up.
 */
export class Outbox {
  readonly #out: Writable
  readonly #encode: Encode | null
  readonly #turn: WriteTurn
  readonly #maxBytes: number
  readonly #owner: OutboxOwner
  /** One frame is by far the usual case, and then the shared Buffer itself is written. */
  #frames: Buffer | Buffer[] | null = null
  #bytes = 0
  #open = true

  constructor(
    { out, encode }: Pick<Transport, 'out' | 'encode'>,
    turn: WriteTurn,
    maxBytes: number,
    owner: OutboxOwner,
  ) {
    this.#out = out
    this.#encode = encode
    this.#turn = turn
    this.#maxBytes = maxBytes
    this.#owner = owner
  }

  /** Does nothing once closed. */
  push(frame: Buffer): void {
    if (!this.#open) return
    if (this.#frames === null) {
      this.#frames = frame
      this.#turn.add(this)
    } else if (Array.isArray(this.#frames)) {
      this.#frames.push(frame)
    } else {
      this.#frames = [this.#frames, frame]
    }
    this.#bytes += frame.length
    if (this.#bytes >= flushBytes) this.flush()
  }

  flush(): void {
    if (this.#frames === null || !this.#open) return
    const unread = this.#out.writableLength
    // A large turn on a socket that keeps up is not slowness: only what stays unread counts.
    if (unread > 0 && unread + this.#bytes > this.#maxBytes) {
      this.discard()
      this.#owner.overflowed()
      return
    }
    const joined = this.#encode === null ? join(this.#frames, this.#bytes) : encoded(this.#frames, this.#encode)
    this.#frames = null
    this.#bytes = 0
    this.#out.write(joined)
  }

  /** Takes nothing more, and drops what has not been written. */
  discard(): void {
    this.#open = false
    this.#frames = null
    this.#bytes = 0
  }
}

/** From here on a write of its own costs nothing compared with what it writes, and memory is better given back. */
const flushBytes = 64 * 1024

function join(frames: Buffer | readonly Buffer[], bytes: number): Buffer {
  return Buffer.isBuffer(frames) ? frames : Buffer.concat(frames, bytes)
}

/** One by one, because what several clients are sent is encoded once for all of them. */
function encoded(frames: Buffer | readonly Buffer[], encode: Encode): Buffer {
  return Buffer.isBuffer(frames) ? encode(frames) : Buffer.concat(frames.map(encode))
}
