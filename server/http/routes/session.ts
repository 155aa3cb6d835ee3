import { z } from 'zod'
import { signInRequest } from '#protocol/account.ts'
import { accessTokenAnswer, me, ticketAnswer, tokenAnswer, tokenRequest } from '#protocol/api.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { addressOf, headersOf } from '../caller.ts'
import { isForeignPage } from '../cross-site.ts'
import { createLine } from '../line.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Many times more than passwords can be looked at, and a small part of the event loop's time: decision 27. */
const betweenSignInsMs = 10

/** Signing programs in and out, and what opens a socket. */
export const sessionRoutes: Routes = (app, { auth, callers, isTrustedOrigin }) => {
  const inLine = createLine({ atOnce: 1, everyMs: betweenSignInsMs })
  app.get('/api/v1/me', { schema: { summary: 'Who asks.', response: { 200: me } } }, async (request) =>
    describe(await callers.signedIn(request, 'services too')),
  )
  app.post(
    '/api/v1/sign-in',
    {
      config: { isOpen: true },
      onRequest: inLine,
      schema: {
        summary: 'Signs a browser in; the answer sets its cookie.',
        response: { 204: z.undefined() },
        body: signInRequest,
      },
    },
    async (request, reply) => {
      // Nobody is to find themselves in an account that another page has signed them in to.
      if (isForeignPage(request.raw, isTrustedOrigin)) {
        throw new HttpProblem('wrong_origin', 'Sign in at the address that this server was given as public_url.')
      }
      const { email, password, code } = request.body
      const headers = headersOf(request.raw)
      const cookies = await auth.signInBrowser(email, password, addressOf(request), { code, headers })
      return reply.code(204).header('set-cookie', cookies).send()
    },
  )
  app.post(
    '/api/v1/token',
    {
      config: { isOpen: true },
      onRequest: inLine,
      schema: {
        summary: 'Signs a program in; the answer is a bearer token.',
        body: tokenRequest,
        response: { 200: tokenAnswer },
      },
    },
    async (request) => {
      const { email, password, code } = request.body
      return auth.signIn(email, password, addressOf(request), { code, headers: headersOf(request.raw) })
    },
  )
  app.delete(
    '/api/v1/token',
    { schema: { summary: 'Signs out what asks.', response: { 204: z.undefined() } } },
    async (request, reply) => {
      const identity = await callers.signedIn(request)
      if (!('sessionId' in identity))
        throw new HttpProblem('bad_request', 'Keys are ended with DELETE /api/v1/keys/{id}.')
      await auth.endSession(identity.sessionId)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/access-tokens',
    { schema: { summary: 'A token (JWT) that opens a socket, for minutes.', response: { 201: accessTokenAnswer } } },
    async (request, reply) => {
      const identity = await callers.signedIn(request)
      if (!('sessionId' in identity)) throw new HttpProblem('bad_request', 'A key opens a socket with a ticket.')
      return reply.code(201).send({ ...(await auth.issueAccessToken(identity)), ...rotateOf(identity) })
    },
  )
  app.post(
    '/api/v1/tickets',
    { schema: { summary: 'A ticket that opens one socket, once.', response: { 201: ticketAnswer } } },
    async (request, reply) => {
      const identity = await callers.signedIn(request, 'services too')
      return reply.code(201).send({ ...(await auth.tickets.issue(identity)), ...rotateOf(identity) })
    },
  )
}

/** Said to a device that is to take a new credential. */
function rotateOf(identity: Identity): { rotate?: true } {
  return identity.kind === 'device' && identity.device.rotate ? { rotate: true } : {}
}

function describe(identity: Identity) {
  return {
    id: identity.userId,
    kind: identity.kind,
    name: identity.name,
    email: identity.kind === 'user' ? identity.email : null,
    role: identity.role,
    device: identity.kind === 'device' ? identity.device : null,
  }
}
