import { hash } from 'node:crypto'
import type { Refusal, UpgradeRequest } from './realtime.ts'
import { jsonProtocol, offersJson, offersOnlyProtobuf } from './subprotocol.ts'

/** What is wrong with a WebSocket handshake (RFC 6455, section 4.2.1), or null. */
export function handshakeFault(request: UpgradeRequest): Refusal | null {
  const { method, headers } = request
  if (method !== 'GET') return { status: 405, sentence: 'A WebSocket is opened with GET.' }
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, sentence: 'Only an upgrade to websocket is known here.' }
  }
  if (!isKey.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, sentence: 'Sec-WebSocket-Key is missing or is not 16 bytes in base64.' }
  }
  if (headers['sec-websocket-version'] !== '13') {
    return { status: 426, sentence: 'Only version 13 of WebSocket is spoken here.' }
  }
  if (!offersOnlyProtobuf(request)) return null
  return { status: 400, sentence: 'Only the JSON encoding is spoken here: offer centrifuge-json or no protocol.' }
}

/** The answer to a handshake that is in order. */
export function handshakeAnswer({ headers }: UpgradeRequest): string {
  const accept = hash('sha1', headers['sec-websocket-key'] + acceptSuffix, 'base64')
  const protocol = offersJson(headers) ? `Sec-WebSocket-Protocol: ${jsonProtocol}\r\n` : ''
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`
}

const isKey = /^[+/0-9A-Za-z]{22}==$/
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
