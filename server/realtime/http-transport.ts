import type { ServerResponse } from 'node:http'
import type { CloseReason } from '#protocol/close-reasons.ts'
import { disconnectPushText } from './encode.ts'
import { encodings } from './encodings.ts'
import { textFrame } from './text-frame.ts'
import type { Encode, StreamName, Transport, TransportListener } from './transport.ts'

/** The answer to an HTTP request that never ends. What the client says comes beside it: in that request, and in others. */
export class HttpTransport implements Transport {
  readonly name: StreamName
  readonly session: string | null
  readonly encode: Encode
  readonly out: ServerResponse
  readonly #maxWaiting: number
  #listener: TransportListener | null = null
  #isPaused = false
  /** What came while paused; made when needed. */
  #waiting: string[] | null = null
  #waitingLength = 0

  constructor({ name, session, response, maxWaiting }: HttpTransportOptions) {
    this.name = name
    this.session = session
    this.encode = encodings[name]
    this.out = response
    this.#maxWaiting = maxWaiting
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
    this.out.on('error', (error) => listener.failed(error))
    this.out.on('close', () => listener.gone(null))
  }

  /** Takes what the client sent. False when too much of that waits already, which is the end. */
  deliver(text: string): boolean {
    if (!this.#isPaused) {
      this.#listener?.received(text)
      return true
    }
    if (this.#waitingLength + text.length > this.#maxWaiting) {
      this.#listener?.overrun()
      return false
    }
    this.#waiting ??= []
    this.#waiting.push(text)
    this.#waitingLength += text.length
    return true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting !== null) {
      const text = this.#waiting.shift()
      if (this.#waiting.length === 0) this.#waiting = null
      if (text === undefined) continue
      this.#waitingLength -= text.length
      this.#listener?.received(text)
    }
  }

  close(reason: CloseReason): void {
    this.out.end(this.encode(textFrame(disconnectPushText(reason))))
  }

  terminate(): void {
    this.out.destroy()
  }
}

export interface HttpTransportOptions {
  readonly name: StreamName
  readonly session: string | null
  /** Its head has been written. */
  readonly response: ServerResponse
  /** How much of what the client sends may wait while nothing is read, in characters. */
  readonly maxWaiting: number
}
