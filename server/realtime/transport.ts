import type { Writable } from 'node:stream'
import type { CloseReason } from '#protocol/close-reasons.ts'

/**
 * How messages travel between one client and the server. What it says is told to one listener; what it is told goes
 * through an outbox into `out`.
 */
export interface Transport {
  readonly name: TransportName
  /** Where the outbox writes. */
  readonly out: Out
  /** Turns WebSocket frames, one or more, into what this transport writes; null where they are written as they are. */
  readonly encode: Encode | null
  /** With it the client's commands find this connection, where they cannot come over it. */
  readonly session: string | null
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

/** A socket, or an answer on one: `timeout` is emitted when for so long nothing has been written or read. */
export type Out = Writable & { setTimeout?(ms: number): unknown }

export type TransportName = 'websocket' | 'uni_websocket' | StreamName
/** Those that are an HTTP answer without end. */
export type StreamName = 'http_stream' | 'sse' | 'uni_http_stream' | 'uni_sse'

export type Encode = (frames: Buffer) => Buffer

export interface TransportListener {
  /** Commands, as many as came together; null for something that is not this protocol. */
  received(text: string | null): void
  /** More came than may wait, and was dropped. */
  overrun(): void
  /** The connection is no more. The code is the client's, where it can say one. Once. */
  gone(code: number | null): void
  /** The rules of the transport were broken; `gone` follows. */
  failed(error: Error): void
}

/** Whether the client says nothing once it is connected, and is sent pushes only. */
export function isUnidirectional({ name }: Transport): boolean {
  return name.startsWith('uni_')
}
