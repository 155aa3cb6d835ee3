import { page, userRequest, userView } from '#protocol/api.ts'
import type { Routes } from '../app.ts'

/** People with an account. */
export const userRoutes: Routes = (app, { auth, callers }) => {
  app.get('/api/v1/users', { schema: { response: { 200: page(userView) } } }, async (request) => {
    await callers.allowed(request, ['admin'], 'admin')
    return { items: [...(await auth.users.list())], next: null }
  })
  app.post('/api/v1/users', { schema: { body: userRequest, response: { 201: userView } } }, async (request, reply) => {
    await callers.allowed(request, ['admin'], 'admin')
    const { email, name = email.split('@')[0] ?? email, role, password } = request.body
    const user = await auth.users.create({ email, name, role, password })
    return reply.code(201).header('location', `/api/v1/users/${user.id}`).send(user)
  })
}
