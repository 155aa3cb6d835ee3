import type { Duplex } from 'node:stream'
import type { CloseReason } from '#protocol/close-reasons.ts'
import { closeFrame, emptyCloseFrame } from './close-frame.ts'
import { encodings } from './encodings.ts'
import { type FrameListener, FrameReader } from './frame-reader.ts'
import type { Encode, Transport, TransportListener } from './transport.ts'

/** Four times what a command may be: beyond it comes a close with 1009, after which the SDK does not come back. */
const maxMessageBytes = 4 * 64 * 1024

/** A WebSocket behind its handshake, also a unidirectional one. Text frames are the outbox's to write. */
export class WebSocketTransport implements Transport, FrameListener {
  readonly name: 'websocket' | 'uni_websocket'
  readonly session = null
  readonly encode: Encode | null
  readonly out: Duplex
  readonly #reader: FrameReader
  #listener: TransportListener | null = null
  /** Whether a close frame has been sent. */
  #isClosing = false
  /** What the client closed with, or why it was closed; null while it has not, or without a word. */
  #code: number | null = null

  /** Errors of the stream are listened to already; behind them comes its end. */
  constructor(name: 'websocket' | 'uni_websocket', stream: Duplex) {
    this.name = name
    this.encode = encodings[name]
    this.out = stream
    this.#reader = new FrameReader(this, maxMessageBytes)
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
    this.out.on('data', (chunk: Buffer) => this.#reader.read(chunk))
    this.out.on('end', () => this.#end())
    this.out.on('close', () => listener.gone(this.#code ?? brokenOff))
  }

  pause(): void {
    this.out.pause()
  }

  resume(): void {
    this.out.resume()
  }

  /** The client's answer to the close frame has to be read. */
  close(reason: CloseReason): void {
    this.out.resume()
    this.#sayClose(closeFrame(reason))
  }

  terminate(): void {
    this.out.destroy()
  }

  message(text: string | null): void {
    this.#listener?.received(text)
  }

  /** Where too much waits to be written already, an answer more says nothing. */
  ping(payload: Buffer): void {
    if (this.#isClosing || this.out.writableNeedDrain) return
    this.out.write(Buffer.concat([Buffer.from([pongByte, payload.length]), payload]))
  }

  /** Whoever closes is answered in kind, and the server ends the connection. */
  closed(code: number): void {
    this.#code = code
    this.#sayClose(code === noStatusReceived ? emptyCloseFrame : closeFrame({ code, reason: '' }))
    this.#end()
  }

  broken(code: number, sentence: string): void {
    this.#code = code
    this.#sayClose(closeFrame({ code, reason: '' }))
    this.#listener?.failed(new Error(sentence))
    this.#end()
  }

  #sayClose(frame: Buffer): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.out.writable) this.out.write(frame)
  }

  /** What is queued still leaves; a client that does not take it, or keeps its half open, is cut. */
  #end(): void {
    if (this.out.destroyed || this.out.writableEnded) return
    this.out.end()
    const cut = setTimeout(() => this.out.destroy(), endMs)
    this.out.once('close', () => clearTimeout(cut))
  }
}

const pongByte = 0x8a
/** What WebSocket calls an end without a code, and one without a word. */
const noStatusReceived = 1005
const brokenOff = 1006
const endMs = 10_000
