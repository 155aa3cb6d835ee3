import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { Auth } from '#server/auth/auth.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { headersOf, isConfigured, localIdentity } from './caller.ts'

export interface UpgradeParts {
  readonly auth: Auth
  readonly realtime: Realtime
  readonly isLocal: (request: IncomingMessage) => boolean
  readonly log: Logger
}

/**
 * Lets a WebSocket in, or refuses it with a status. A ticket in the URL, a bearer or a key is decided here; without one
 * the connect frame has to bring a token. Cookies are not looked at: any page a browser shows could send them.
 */
export function createUpgrade({ auth, realtime, isLocal, log }: UpgradeParts) {
  return async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    socket.on('error', () => socket.destroy())
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname !== '/connection/websocket') return refuse(socket, '404 Not Found')
      const identity = await identify(request, searchParams.get('ticket'))
      if (identity === 'refused') return refuse(socket, '401 Unauthorized')
      realtime.upgrade(request, socket, head, identity)
    } catch (error) {
      if (error instanceof AuthError) {
        return refuse(socket, error.code === 'unavailable' ? '503 Service Unavailable' : '401 Unauthorized')
      }
      log.error({ err: error }, 'upgrade failed')
      refuse(socket, '500 Internal Server Error')
    }
  }

  async function identify(request: IncomingMessage, ticket: string | null): Promise<Identity | null | 'refused'> {
    if (isLocal(request)) return localIdentity
    if (ticket !== null) return (await auth.tickets.redeem(ticket)) ?? 'refused'
    const headers = headersOf(request)
    headers.delete('cookie')
    const identity = (await auth.identify(headers))?.identity ?? null
    return identity && isConfigured(identity) ? 'refused' : identity
  }
}

/** Who is refused need not close its half of the connection, so the whole of it is closed here. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
