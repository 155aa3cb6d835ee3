import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Logger } from 'pino'
import type { Config } from '#server/config/config.ts'
import { securityHeaders } from '../security-headers.ts'
import { unboundServer } from '../unbound-server.ts'
import { readCertificate } from './certificate.ts'
import { certificateFiles } from './transport.ts'
import { watchCertificate } from './watch-certificate.ts'

/**
 * The server that people and devices reach, over TLS where that is configured; it does not listen yet. While it listens
 * it takes up renewed certificates.
 *
 * @throws TlsError
 */
export function createWebServer(config: Config, log: Logger): Server {
  const files = certificateFiles(config)
  const headers = securityHeaders(config)
  if (files === null) return unboundServer({ headers })
  const first = readCertificate(files)
  const server = unboundServer({
    headers,
    certificate: first.options,
    handshakeMs: config.limits.request_header_timeout * 1000,
  }) as TlsServer
  server.once('listening', () => {
    const watch = watchCertificate({ files, first, server, log })
    server.once('close', () => watch[Symbol.dispose]())
  })
  return server
}
