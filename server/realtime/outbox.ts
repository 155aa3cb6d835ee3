import type { Duplex } from 'node:stream'
import type { WriteTurn } from './write-turn.ts'

/**
 * The only way out to one socket: whole WebSocket frames in the order in which they were put in, written together at the
 * end of the turn. Bounded: a reader that leaves more than `maxBytes` unread is given up.
 */
export class Outbox {
  readonly #socket: Duplex
  readonly #turn: WriteTurn
  readonly #maxBytes: number
  readonly #onOverflow: () => void
  /** One frame is by far the usual case, and then the shared Buffer itself is written. */
  #frames: Buffer | Buffer[] | null = null
  #bytes = 0
  #open = true

  constructor(socket: Duplex, turn: WriteTurn, maxBytes: number, onOverflow: () => void) {
    this.#socket = socket
    this.#turn = turn
    this.#maxBytes = maxBytes
    this.#onOverflow = onOverflow
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
    const unread = this.#socket.writableLength
    // A large turn on a socket that keeps up is not slowness: only what stays unread counts.
    if (unread > 0 && unread + this.#bytes > this.#maxBytes) {
      this.discard()
      this.#onOverflow()
      return
    }
    const joined = Array.isArray(this.#frames) ? Buffer.concat(this.#frames, this.#bytes) : this.#frames
    this.#frames = null
    this.#bytes = 0
    this.#socket.write(joined)
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
