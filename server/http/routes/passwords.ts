import { z } from 'zod'
import { passwordRequest, passwordResetRequest, passwordResetToken, passwordResetView } from '#protocol/account.ts'
import { passwordLink, passwordSetRequest } from '#protocol/users.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'

/** Changing one's password, and links for those who do not know theirs. */
export const passwordRoutes: Routes = (app, { auth, callers }) => {
  const { passwords, users } = auth
  app.post(
    '/api/v1/me/password',
    {
      schema: {
        summary: 'Changes your password; your other sessions end.',
        response: { 204: z.undefined() },
        body: passwordRequest,
      },
    },
    async (request, reply) => {
      const { password, newPassword } = request.body
      await passwords.change(await callers.signedIn(request), password, newPassword)
      return reply.code(204).send()
    },
  )
  app.get(
    '/api/v1/password-resets',
    {
      config: { isOpen: true },
      schema: {
        summary: 'Whom a link is for that sets a password.',
        querystring: z.object({ token: passwordResetToken }),
        response: { 200: passwordResetView },
      },
    },
    async (request) => passwords.check(request.query.token),
  )
  app.post(
    '/api/v1/password-resets',
    {
      config: { isOpen: true },
      schema: { summary: 'Sets a password with a link.', response: { 204: z.undefined() }, body: passwordResetRequest },
    },
    async (request, reply) => {
      await passwords.reset(request.body.token, request.body.password)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/users/:id/reset-password',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Voids a password and answers a link that sets another.',
        params: byId,
        response: { 200: passwordLink },
      },
    },
    async (request) => passwords.startReset(request.params.id, await callers.allowed(request)),
  )
  app.put(
    '/api/v1/users/:id/password',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Sets a password instead of a link; all sessions end.',
        params: byId,
        body: passwordSetRequest,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      await passwords.set(request.params.id, request.body.password, by)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/users/:id/unlock',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Ends the lock after too many wrong passwords.',
        response: { 204: z.undefined() },
        params: byId,
      },
    },
    async (request, reply) => {
      await users.unlock(request.params.id, await callers.allowed(request))
      return reply.code(204).send()
    },
  )
}
