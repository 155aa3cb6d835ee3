import { z } from 'zod'
import { endSessionsAnswer, endSessionsRequest, sessionView } from '#protocol/account.ts'
import { page } from '#protocol/api.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { mustSetUpFactor } from '../caller.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Where somebody is signed in. */
export const ownSessionRoutes: Routes = (app, { auth, callers }) => {
  app.get(
    '/api/v1/sessions',
    { schema: { summary: 'Where you are signed in.', response: { 200: page(sessionView) } } },
    async (request) => {
      const { userId, sessionId } = personOf(await callers.signedIn(request))
      return { items: [...(await auth.sessions.list(userId, sessionId))], next: null }
    },
  )
  app.get(
    '/api/v1/users/:id/sessions',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: { params: byId, summary: 'Where somebody is signed in.', response: { 200: page(sessionView) } },
    },
    async (request) => {
      const by = await callers.allowed(request)
      const current = 'sessionId' in by ? by.sessionId : null
      return { items: [...(await auth.sessions.list(request.params.id, current))], next: null }
    },
  )
  app.delete(
    '/api/v1/sessions/:id',
    {
      schema: {
        response: { 204: z.undefined() },
        params: byId,
        summary: 'Ends a session; of others, administrators alone.',
      },
    },
    async (request, reply) => {
      const by = await callers.signedIn(request)
      const isAdmin = forbiddenBecause(by, ['admin'], 'admin') === null && !mustSetUpFactor(by)
      await auth.sessions.end(request.params.id, isAdmin ? undefined : personOf(by).userId)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/sessions/end',
    {
      schema: {
        body: endSessionsRequest,
        summary: 'Ends sessions of yours: all others, all of programs, or all.',
        response: { 200: endSessionsAnswer },
      },
    },
    async (request) => {
      const by = personOf(await callers.signedIn(request))
      return { ended: await auth.sessions.endOf(by.userId, request.body.which, by.sessionId) }
    },
  )
}

function personOf(identity: Identity): Extract<Identity, { kind: 'user' }> {
  if (identity.kind === 'user') return identity
  throw new HttpProblem(
    'forbidden',
    'People have sessions. Sign in as one; a key is ended with DELETE /api/v1/keys/{id}.',
  )
}
