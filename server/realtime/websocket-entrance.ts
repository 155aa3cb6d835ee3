import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Connections } from './connections.ts'
import type { Realtime, Refusal } from './realtime.ts'
import type { Registry } from './registry.ts'
import { choosesJson, offersOnlyProtobuf } from './subprotocol.ts'
import { WebSocketTransport } from './websocket-transport.ts'

/** Four times what a command may be: beyond it `ws` closes with 1009, after which the SDK does not come back. */
const maxFrameBytes = 4 * 64 * 1024

/** Where WebSockets come in. */
export function createWebSocketEntrance(connections: Connections, registry: Registry): Realtime['upgrade'] {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    // Frames are written past `ws`, which is right only without it.
    perMessageDeflate: false,
    handleProtocols: choosesJson,
  })

  return (request, stream, head, known, name = 'websocket', address = addressOf(request)) => {
    const refusal = refusalOf(request) ?? connections.refusal(address)
    if (refusal) {
      refuse(stream, refusal)
      return
    }
    const mark = known?.mark ?? registry.mark()
    server.handleUpgrade(request, stream, head, (socket) => {
      connections.begin(new WebSocketTransport(name, socket, stream), known?.identity ?? null, mark, address)
    })
  }
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '127.0.0.1'
}

function refusalOf(request: IncomingMessage): Refusal | null {
  if (!offersOnlyProtobuf(request)) return null
  return { status: 400, sentence: 'Only the JSON encoding is spoken here: offer centrifuge-json or no protocol.' }
}

function refuse(stream: Duplex, { status, sentence }: Refusal): void {
  const title = status === 400 ? 'Bad Request' : 'Service Unavailable'
  // The client may be gone already; there is nobody left to tell.
  stream.on('error', () => {})
  stream.once('finish', () => stream.destroy())
  stream.end(
    `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\n${status === 503 ? 'Retry-After: 1\r\n' : ''}Content-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
  )
}
