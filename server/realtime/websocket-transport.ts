import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { CloseReason } from '#protocol/close-reasons.ts'
import { encodings } from './encodings.ts'
import type { Encode, Transport, TransportListener } from './transport.ts'

/** A WebSocket, also a unidirectional one. Frames are written to the stream under it, past `ws`. */
export class WebSocketTransport implements Transport {
  readonly name: 'websocket' | 'uni_websocket'
  readonly session = null
  readonly encode: Encode | null
  readonly out: Duplex
  readonly #socket: WebSocket

  constructor(name: 'websocket' | 'uni_websocket', socket: WebSocket, stream: Duplex) {
    this.name = name
    this.encode = encodings[name]
    this.#socket = socket
    this.out = stream
  }

  listen(listener: TransportListener): void {
    this.#socket.on('message', (data, isBinary) => listener.received(isBinary ? null : data.toString()))
    this.#socket.on('close', (code) => listener.gone(code))
    this.#socket.on('error', (error) => listener.failed(error))
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** The client's answer to the close frame has to be read. */
  close({ code, reason }: CloseReason): void {
    this.#socket.resume()
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }
}
