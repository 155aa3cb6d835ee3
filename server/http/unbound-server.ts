import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { problemDocument } from '#protocol/problem.ts'
import { defaultLimits, type Limits } from '#server/config/limits.ts'

/**
 * A server that answers 503 until routes are attached, and again when they are taken away. Over TLS with a certificate.
 */
export function unboundServer(certificate?: SecureContextOptions): Server {
  // Late requests are looked for this often, and so closed at most this much later than the times below.
  const options = { connectionsCheckingInterval: 2_000 }
  const handshakeTimeout = defaultLimits.request_header_timeout * 1000
  const server =
    certificate === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...certificate, handshakeTimeout })
  limitRequests(server, defaultLimits)
  server.on('request', (_request, response) => {
    if (server.listenerCount('request') > 1) return
    const document = problemDocument('unavailable', 'The server is starting or stopping. Try again in a second.')
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '1', connection: 'close' }
    response.writeHead(document.status, headers).end(JSON.stringify(document))
  })
  return server
}

/** Slow senders of headers or bodies must not hold connections for ever. */
export function limitRequests(
  server: Server,
  limits: Pick<Limits, 'request_header_timeout' | 'request_timeout'>,
): void {
  server.headersTimeout = limits.request_header_timeout * 1000
  server.requestTimeout = limits.request_timeout * 1000
}
