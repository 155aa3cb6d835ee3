import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { RealtimeLimits } from './limits.ts'
import type { Tap } from './tap.ts'
import type { Encode, Out, Transport } from './transport.ts'
import type { WriteBatch } from './write-batch.ts'
import type { WriteTurn } from './write-turn.ts'

/**
 * The only way out to one client: whole WebSocket frames in the order in which they were put in, written together at the
 * end of the turn, for other transports in their own framing. Bounded in bytes and in time: a reader that leaves too much
 * unread, or for too long takes nothing of what waits, is given up.
 */
export class Outbox {
  readonly #out: Out
  readonly #encode: Encode | null
  readonly #turn: WriteTurn
  readonly #limits: OutboxLimits
  readonly #giveUp: (reason: CloseReason) => void
  /** One frame is by far the usual case, and then the shared Buffer itself is written. */
  #frames: Buffer | Buffer[] | null = null
  #bytes = 0
  #open = true
  #isWatched = false
  /** Set while somebody watches this client. */
  tap: Tap | null = null

  constructor(
    { out, encode }: Pick<Transport, 'out' | 'encode'>,
    turn: WriteTurn,
    limits: OutboxLimits,
    giveUp: (reason: CloseReason) => void,
  ) {
    this.#out = out
    this.#encode = encode
    this.#turn = turn
    this.#limits = limits
    this.#giveUp = giveUp
  }

  /** What has not left for the network. */
  get waitingBytes(): number {
    return this.#bytes + this.#out.writableLength
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
    if (this.#bytes >= flushBytes) this.flushNow()
  }

  flushNow(): void {
    this.#turn.flush(this)
  }

  flush(writes: Pick<WriteBatch, 'write'>): void {
    if (this.#frames === null || !this.#open) return
    const unread = this.#out.writableLength
    // A large turn on a socket that keeps up is not slowness: only what stays unread counts.
    if (unread > 0 && unread + this.#bytes > this.#limits.outboxBytes) {
      this.discard()
      this.#giveUp(closeReasons.slow)
      return
    }
    if (this.tap !== null) this.tap('out', this.#frames)
    const joined = this.#encode === null ? this.#joined(this.#frames) : encoded(this.#frames, this.#encode)
    this.#frames = null
    this.#bytes = 0
    this.#turn.counts.bytes += joined.length
    writes.write(this.#out, joined)
    // What has just been written may not even have been tried; what was there before it waits.
    if (unread > 0 && !this.#isWatched) this.#watch()
  }

  #joined(frames: Buffer | readonly Buffer[]): Buffer {
    return Buffer.isBuffer(frames) ? frames : this.#turn.join(frames, this.#bytes)
  }

  /** The socket's own time-out runs while something waits: it counts what is written in part, which nobody else sees. */
  #watch(): void {
    this.#isWatched = true
    this.#out.setTimeout?.(this.#limits.writeMs)
    this.#out.once('timeout', () => {
      this.#isWatched = false
      if (this.#open && this.#out.writableLength > 0) this.#giveUp(closeReasons.writeError)
      else this.#out.setTimeout?.(0)
    })
  }

  /** Takes nothing more, and drops what has not been written. */
  discard(): void {
    this.#open = false
    this.#frames = null
    this.#bytes = 0
  }
}

type OutboxLimits = Pick<RealtimeLimits, 'outboxBytes' | 'writeMs'>

/** From here on a write of its own costs nothing compared with what it writes, and memory is better given back. */
const flushBytes = 64 * 1024

/** One by one, because what several clients are sent is encoded once for all of them. */
function encoded(frames: Buffer | readonly Buffer[], encode: Encode): Buffer {
  return Buffer.isBuffer(frames) ? encode(frames) : Buffer.concat(frames.map(encode))
}
