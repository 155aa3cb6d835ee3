import { z } from 'zod'
import { passwordRequest, passwordResetRequest, passwordResetToken, passwordResetView } from '#protocol/account.ts'
import { passwordLink } from '#protocol/api.ts'
import type { Routes } from '../app.ts'

const byId = z.object({ id: z.string() })

/** Changing one's password, and links for those who do not know theirs. */
export const passwordRoutes: Routes = (app, { auth, callers }) => {
  const { passwords, users } = auth
  app.post('/api/v1/me/password', { schema: { body: passwordRequest } }, async (request, reply) => {
    const { password, newPassword } = request.body
    await passwords.change(await callers.signedIn(request), password, newPassword)
    return reply.code(204).send()
  })
  app.get(
    '/api/v1/password-resets',
    { schema: { querystring: z.object({ token: passwordResetToken }), response: { 200: passwordResetView } } },
    async (request) => passwords.check(request.query.token),
  )
  app.post('/api/v1/password-resets', { schema: { body: passwordResetRequest } }, async (request, reply) => {
    await passwords.reset(request.body.token, request.body.password)
    return reply.code(204).send()
  })
  app.post(
    '/api/v1/users/:id/reset-password',
    { schema: { params: byId, response: { 200: passwordLink } } },
    async (request) => passwords.startReset(request.params.id, await callers.allowed(request, ['admin'], 'admin')),
  )
  app.post('/api/v1/users/:id/unlock', { schema: { params: byId } }, async (request, reply) => {
    await users.unlock(request.params.id, await callers.allowed(request, ['admin'], 'admin'))
    return reply.code(204).send()
  })
}
