import type { IncomingMessage } from 'node:http'
import type { Routes } from '../app.ts'
import { addressOf, headersOf } from '../caller.ts'

/**
 * `/api/auth/*` belongs to the identity engine. Bodies pass through untouched: re-serialising them would break the
 * form posts of OAuth.
 */
export const authRoutes: Routes = (app, { auth, baseUrl }) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.route({
    method: ['GET', 'POST'],
    url: '/api/auth/*',
    schema: { hide: true },
    async handler(request, reply) {
      const answer = await auth.handle(webRequest(request.raw, request.body, baseUrl), addressOf(request))
      for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value)
      const cookies = answer.headers.getSetCookie()
      if (cookies.length > 0) reply.header('set-cookie', cookies)
      return reply.code(answer.status).send(Buffer.from(await answer.arrayBuffer()))
    },
  })
}

/** The address comes from our own base, never from the Host header, which anybody may write. */
function webRequest(request: IncomingMessage, body: unknown, baseUrl: string): Request {
  const { method = 'GET', url = '/' } = request
  return new Request(new URL(url, baseUrl), {
    method,
    headers: headersOf(request),
    ...(Buffer.isBuffer(body) && method !== 'GET' ? { body: new Uint8Array(body) } : {}),
  })
}
