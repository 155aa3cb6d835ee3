import { z } from 'zod'
import { page, userAnswer, userRequest, userView } from '#protocol/api.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** People with an account. */
export const userRoutes: Routes = (app, { auth, callers }) => {
  app.get('/api/v1/users', { schema: { response: { 200: page(userView) } } }, async (request) => {
    await callers.allowed(request, ['admin'], 'admin')
    return { items: [...(await auth.users.list())], next: null }
  })
  app.post(
    '/api/v1/users',
    { schema: { body: userRequest, response: { 201: userAnswer } } },
    async (request, reply) => {
      await callers.allowed(request, ['admin'], 'admin')
      const { email, name = email.split('@')[0] ?? email, role, password = null } = request.body
      const user = await auth.users.create({ email, name, role, password })
      const passwordLink = password === null ? await auth.passwords.createLink(user.id) : null
      return reply
        .code(201)
        .header('location', `/api/v1/users/${user.id}`)
        .send({ ...user, passwordLink })
    },
  )
  for (const [action, disabled] of [['disable', true] as const, ['enable', false] as const]) {
    app.post(
      `/api/v1/users/:id/${action}`,
      { schema: { params: z.object({ id: z.string() }) } },
      async (request, reply) => {
        const by = await callers.allowed(request, ['admin'], 'admin')
        const { id } = request.params
        if (disabled && by.userId === id) {
          throw new HttpProblem('forbidden', 'This is your own account. Another administrator may disable it.')
        }
        await auth.users.setDisabled(id, disabled)
        request.log.info({ user: id, by: by.userId }, disabled ? 'an account was disabled' : 'an account was enabled')
        return reply.code(204).send()
      },
    )
  }
}
