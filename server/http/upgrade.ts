import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type ProblemCode, problemDocument, problems } from '#protocol/problem.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Realtime, UpgradeRequest } from '#server/realtime/realtime.ts'
import { isForeignPage } from './cross-site.ts'
import type { Recognize } from './recognize.ts'
import { retryAfterOf } from './retry-after.ts'
import type { StreamParts } from './streams.ts'

export interface UpgradeParts extends Pick<StreamParts, 'isAllowedOrigin' | 'refusesForeignPages'> {
  readonly realtime: Pick<Realtime, 'upgrade' | 'isFull' | 'mark'>
  readonly recognize: Recognize
  /** Where a client is. */
  readonly addressOf: (request: UpgradeRequest) => string
  readonly log: Logger
}

/** Lets a WebSocket in, or refuses it with a problem document. */
export function createUpgrade(parts: UpgradeParts) {
  const { realtime, recognize, addressOf, isAllowedOrigin, refusesForeignPages, log } = parts
  const isForeign = (request: UpgradeRequest) => refusesForeignPages && isForeignPage(request, isAllowedOrigin)

  return (request: UpgradeRequest, socket: Duplex, head: Buffer): void => {
    socket.on('error', socketOnError)
    try {
      const { name, ticket } = askedFor(request.url ?? '/')
      if (name === undefined) {
        refuse(socket, 'not_found', 'WebSockets open at /connection/websocket and /connection/uni_websocket.')
        return
      }
      const address = addressOf(request)
      // Before anybody is looked up: who is revoked meanwhile must not be let in.
      const mark = realtime.mark()
      const letIn = (identity: Awaited<ReturnType<Recognize>>) => {
        if (identity === 'refused') refuse(socket, 'unauthorized', ticketEnded)
        else if (identity === null && isForeign(request)) refuse(socket, 'wrong_origin', foreignPage)
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
      refuse(socket, error.code, error.message, retryAfterOf(error, problems[error.code].status))
      return
    }
    log.error({ err: error }, 'upgrade failed')
    refuse(socket, 'internal', 'Try again; if it happens again, look into the server log.')
  }
}

/** Said of streams as well. */
export const ticketEnded = 'The ticket was used or has ended. Fetch another.'
export const foreignPage = 'Pages of other sites bring a token, or are named in client.allowed_origins.'

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
function refuse(socket: Duplex, code: ProblemCode, sentence: string, retryAfter: number | null = null): void {
  const document = problemDocument(code, sentence)
  const body = JSON.stringify(document)
  const headers = [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}`,
    'Connection: close',
    ...(retryAfter === null ? [] : [`Retry-After: ${retryAfter}`]),
    ...(document.status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    'Cache-Control: no-store',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`)
}
