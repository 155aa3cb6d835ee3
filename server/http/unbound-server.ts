import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { problemDocument } from '#protocol/problem.ts'
import { defaultLimits, type Limits } from '#server/config/limits.ts'
import { clientErrorListener } from './client-error.ts'
import { takePlainUpgrades } from './plain-upgrades.ts'
import { plainHeaders, type SecurityHeaders, setSecurityHeaders } from './security-headers.ts'

export interface UnboundServerOptions {
  /** Speaks TLS with it. */
  readonly certificate?: SecureContextOptions
  /** How long TLS may take to come about, in milliseconds. */
  readonly handshakeMs?: number
  /** What every answer has, whoever gives it. */
  readonly headers?: SecurityHeaders
}

/** A server that answers 503 until routes are attached, and again when they are taken away. */
export function unboundServer(given: UnboundServerOptions = {}): Server {
  const { certificate, headers = plainHeaders, handshakeMs = defaultLimits.request_header_timeout * 1000 } = given
  const options = {
    // Late requests are looked for this often, and so closed at most this much later than the times below.
    connectionsCheckingInterval: 2_000,
    maxHeaderSize: maxHeaderBytes,
  }
  const server =
    certificate === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...certificate, handshakeTimeout: handshakeMs })
  if (certificate === undefined) takePlainUpgrades(server)
  limitRequests(server, defaultLimits)
  // Known from now on, also when the other end has gone by the time that somebody asks.
  server.on('connection', (socket) => void socket.remoteAddress)
  server.on('secureConnection', (socket) => void socket.remoteAddress)
  server.on('clientError', clientErrorListener(headers))
  server.on('request', (_request, response) => {
    setSecurityHeaders(response, headers)
    if (server.listenerCount('request') > 1) return
    const document = problemDocument('unavailable', 'The server is starting or stopping. Try again in a second.')
    const more = { 'content-type': 'application/problem+json', 'retry-after': '1', connection: 'close' }
    response.writeHead(document.status, more).end(JSON.stringify(document))
  })
  return server
}

/** Of a request's line and headers together. */
const maxHeaderBytes = 16 * 1024

/** Slow senders of headers or bodies must not hold connections for ever. */
export function limitRequests(
  server: Server,
  limits: Pick<Limits, 'request_header_timeout' | 'request_timeout'>,
): void {
  server.headersTimeout = limits.request_header_timeout * 1000
  server.requestTimeout = limits.request_timeout * 1000
}
