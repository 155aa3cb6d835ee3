import type { Writable } from 'node:stream'
import type { CloseReason } from '#protocol/close-reasons.ts'

/**
 * How messages travel between one client and the server. What it says is told to one listener; what it is told goes
 * through an outbox into `out`.
 */
export interface Transport {
  readonly name: TransportName
  /** Where the outbox writes. */
  readonly out: Writable
  /** Turns WebSocket frames, one or more, into what this transport writes; null where they are written as they are. */
  readonly encode: Encode | null
  /** Begins to tell what comes in. Called once. */
  listen(listener: TransportListener): void
  /** Nothing is read until `resume`, or little: what the transport took already still comes. */
  pause(): void
  resume(): void
  /** Says why and ends, behind everything written before. */
  close(reason: CloseReason): void
  /** Ends at once and without a word. */
  terminate(): void
}

export type TransportName = 'websocket' | 'http_stream' | 'sse' | 'uni_websocket' | 'uni_http_stream' | 'uni_sse'

export type Encode = (frames: Buffer) => Buffer

export interface TransportListener {
  /** Commands, as many as came together; null for something that is not this protocol. */
  received(text: string | null): void
  /** The connection is no more. The code is what the client said, or what stands for its silence. Once. */
  gone(code: number): void
  /** For the log: `gone` follows. */
  failed(error: Error): void
}
