import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { keyAnswer, keyQuery, keyRequest, keyView } from '#protocol/keys.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import { keyRefusal } from '#server/auth/keys.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { HttpProblem } from '../problem-reply.ts'

/** API keys for services: administrators manage all of them, and others their own. */
export const keyRoutes: Routes = (app, { auth, callers }) => {
  app.get(
    '/api/v1/keys',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'admin' },
      schema: {
        summary: 'API keys: your own with ?mine, or all.',
        querystring: keyQuery,
        response: { 200: page(keyView) },
      },
    },
    async (request) => {
      const by = await callers.allowed(request)
      const { mine, limit, cursor } = request.query
      if (mine === undefined && !isAdmin(by)) {
        throw new HttpProblem(
          'forbidden',
          'All keys are for administrators to see. Ask for your own: /api/v1/keys?mine',
        )
      }
      const { items, next } = await auth.keys.list({
        limit,
        cursor,
        ownerId: mine === undefined ? undefined : by.userId,
      })
      return { items: [...items], next }
    },
  )
  app.post(
    '/api/v1/keys',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'admin' },
      schema: {
        summary: 'Makes an API key; it is in this answer alone.',
        body: keyRequest,
        response: { 201: keyAnswer },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { name, scopes, expiresAt } = request.body
      const refusal = by.kind === 'user' ? keyRefusal(by.role, scopes) : null
      if (refusal !== null) throw new HttpProblem('forbidden', refusal)
      const key = await auth.keys.create(name, scopes, by, expiresAt)
      return reply.code(201).header('location', `/api/v1/keys/${key.id}`).send(key)
    },
  )
  app.delete(
    '/api/v1/keys/:id',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'admin' },
      schema: {
        summary: 'Ends a key at once.',
        response: { 204: z.undefined() },
        params: byId,
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      await auth.keys.revoke(request.params.id, isAdmin(by) ? undefined : by.userId)
      return reply.code(204).send()
    },
  )
}

const isAdmin = (by: Identity) => forbiddenBecause(by, ['admin'], 'admin') === null
