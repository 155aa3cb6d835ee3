import { z } from 'zod'
import { setupRequest } from '#protocol/api.ts'
import type { Routes } from '../app.ts'
import { addressOf } from '../caller.ts'

/** The first administrator, created with the one-time link printed at start. */
export const setupRoutes: Routes = (app, { auth }) => {
  const query = z.object({ token: z.string().min(1).max(200) })
  app.get(
    '/api/v1/setup',
    {
      config: { isOpen: true },
      schema: {
        summary: 'Whether a set-up link is still valid.',
        response: { 204: z.undefined() },
        querystring: query,
      },
    },
    async (request, reply) => {
      await auth.setup.check(request.query.token)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/setup',
    {
      config: { isOpen: true },
      schema: {
        summary: 'Creates the first administrator and signs them in.',
        response: { 201: z.object({}) },
        body: setupRequest,
      },
    },
    async (request, reply) => {
      const { cookies } = await auth.setup.complete(request.body, addressOf(request))
      return reply.code(201).header('location', '/api/v1/me').header('set-cookie', cookies).send({})
    },
  )
}
