import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { onBehalfOf, type RequestOrigin } from '#server/auth/origin.ts'
import type { IsTrusted } from './client-address.ts'

/** Where a request comes from, trusted proxies seen through. */
type AddressOf<Request = IncomingMessage> = (request: Request) => string

/** Answers every request on its behalf, and tells the caller what it is called. */
export function workOnBehalf(app: Pick<FastifyInstance, 'addHook'>, addressOf: AddressOf): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    onBehalfOf({ ...originOf(request.raw, addressOf, request.id), route: routeOf(request) }, done)
  })
}

/** What a request asks for, as the audit record names it: `POST /api/v1/users/:id`. */
export function routeOf({
  method,
  routeOptions,
  url,
}: Pick<FastifyRequest, 'method' | 'routeOptions' | 'url'>): string {
  return `${method} ${routeOptions.url ?? url.split('?')[0]}`
}

/** Where a request comes from, and what it is called in the audit record and the log. */
export function originOf<Request extends Pick<IncomingMessage, 'headers'>>(
  request: Request,
  addressOf: AddressOf<Request>,
  requestId: string,
): RequestOrigin {
  const { 'user-agent': userAgent = '' } = request.headers
  return { address: addressOf(request), requestId, userAgent: userAgent.slice(0, 300) }
}

/**
 * A random name, or the one that a trusted proxy has given the request: what others say would let them pass their
 * requests off as somebody else's.
 */
export function requestIdOf(request: Pick<IncomingMessage, 'headers' | 'socket'>, isTrusted: IsTrusted): string {
  const { 'x-request-id': given } = request.headers
  const { remoteAddress } = request.socket
  const isBelieved = remoteAddress !== undefined && isTrusted(remoteAddress.replace(/^::ffff:(?=\d+\.)/i, ''))
  return isBelieved && typeof given === 'string' && /^[\w.:-]{8,128}$/.test(given) ? given : randomUUID()
}
