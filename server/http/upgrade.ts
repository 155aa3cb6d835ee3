import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Realtime, UpgradeRequest } from '#server/realtime/realtime.ts'
import { isForeignPage } from './cross-site.ts'
import type { Recognize } from './recognize.ts'
import type { StreamParts } from './streams.ts'

export interface UpgradeParts extends Pick<StreamParts, 'isAllowedOrigin' | 'refusesForeignPages'> {
  readonly realtime: Pick<Realtime, 'upgrade' | 'isFull' | 'mark'>
  readonly recognize: Recognize
  /** Where a client is. */
  readonly addressOf: (request: UpgradeRequest) => string
  readonly log: Logger
}

/** Lets a WebSocket in, or refuses it with a status. */
export function createUpgrade(parts: UpgradeParts) {
  const { realtime, recognize, addressOf, isAllowedOrigin, refusesForeignPages, log } = parts
  const isForeign = (request: UpgradeRequest) => refusesForeignPages && isForeignPage(request, isAllowedOrigin)

  return (request: UpgradeRequest, socket: Duplex, head: Buffer): void => {
    socket.on('error', socketOnError)
    try {
      const { name, ticket } = askedFor(request.url ?? '/')
      if (name === undefined) {
        refuse(socket, '404 Not Found')
        return
      }
      const address = addressOf(request)
      // Before anybody is looked up: who is revoked meanwhile must not be let in.
      const mark = realtime.mark()
      const letIn = (identity: Awaited<ReturnType<Recognize>>) => {
        if (identity === 'refused') refuse(socket, '401 Unauthorized')
        else if (identity === null && isForeign(request)) refuse(socket, '403 Forbidden')
        else realtime.upgrade(request, socket, head, identity && { identity, mark }, name, address)
      }
      const recognized = realtime.isFull(address) ? null : recognize(request, ticket)
      if (recognized instanceof Promise) recognized.then(letIn).catch((error: unknown) => fail(socket, error))
      else letIn(recognized)
    } catch (error) {
      fail(socket, error)
    }
  }

  function fail(socket: Duplex, error: unknown): void {
    if (error instanceof AuthError) {
      refuse(socket, statusOf(error))
      return
    }
    log.error({ err: error }, 'upgrade failed')
    refuse(socket, '500 Internal Server Error')
  }
}

/** What cannot be looked up now says nothing about who asks. */
function statusOf({ code, retryAfter = 1 }: AuthError): string {
  switch (code) {
    case 'unavailable':
      return `503 Service Unavailable\r\nRetry-After: ${retryAfter}`
    case 'bad_request':
      return '400 Bad Request'
    case 'second_factor_required':
      return '403 Forbidden'
    default:
      return '401 Unauthorized'
  }
}

const names = new Map([
  ['/connection/websocket', 'websocket' as const],
  ['/connection/uni_websocket', 'uni_websocket' as const],
])

function askedFor(target: string) {
  // Nearly all ask for just that.
  const plain = names.get(target)
  if (plain !== undefined) return { name: plain, ticket: null }
  const name = names.get(target.split('?', 1)[0] ?? '')
  if (name === undefined) return { name, ticket: null }
  return { name, ticket: new URL(target, 'http://localhost').searchParams.get('ticket') }
}

function socketOnError(this: Duplex): void {
  this.destroy()
}

/** Who is refused need not close its half of the connection, so the whole of it is closed here. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  const wait = status.startsWith('503') ? 'Retry-After: 1\r\n' : ''
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${wait}Content-Length: 0\r\n\r\n`)
}
