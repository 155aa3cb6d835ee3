import type { Duplex } from 'node:stream'
import type { Connections } from './connections.ts'
import type { Realtime, Refusal, UpgradeRequest } from './realtime.ts'
import type { Registry } from './registry.ts'
import { handshakeAnswer, handshakeFault } from './websocket-handshake.ts'
import { WebSocketTransport } from './websocket-transport.ts'

/** Where WebSockets come in. */
export function createWebSocketEntrance(connections: Connections, registry: Registry): Realtime['upgrade'] {
  return (request, stream, head, known, name = 'websocket', address = addressOf(request)) => {
    const refusal = handshakeFault(request) ?? connections.refusal(address)
    if (refusal) {
      refuse(stream, refusal)
      return
    }
    // Nobody is there any more.
    if (!stream.readable || !stream.writable) {
      stream.destroy()
      return
    }
    stream.write(handshakeAnswer(request), 'latin1')
    if (head.length > 0) stream.unshift(head)
    const mark = known?.mark ?? registry.mark()
    connections.begin(new WebSocketTransport(name, stream), known?.identity ?? null, mark, address)
  }
}

function addressOf({ socket }: UpgradeRequest): string {
  return socket.remoteAddress ?? '127.0.0.1'
}

function refuse(stream: Duplex, { status, sentence }: Refusal): void {
  // The client may be gone already; there is nobody left to tell.
  stream.on('error', () => {})
  stream.once('finish', () => stream.destroy())
  const more = status === 503 ? 'Retry-After: 1\r\n' : status === 426 ? 'Sec-WebSocket-Version: 13\r\n' : ''
  stream.end(
    `HTTP/1.1 ${status} ${titles[status]}\r\nConnection: close\r\n${more}Content-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
  )
}

const titles = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  503: 'Service Unavailable',
} as const satisfies Record<Refusal['status'], string>
