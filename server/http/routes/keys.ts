import { z } from 'zod'
import { keyAnswer, keyRequest, keyView, page } from '#protocol/api.ts'
import type { Routes } from '../app.ts'

/** API keys for services. */
export const keyRoutes: Routes = (app, { auth, callers }) => {
  app.get('/api/v1/keys', { schema: { response: { 200: page(keyView) } } }, async (request) => {
    await callers.allowed(request, ['admin'], 'admin')
    return { items: [...(await auth.keys.list())], next: null }
  })
  app.post('/api/v1/keys', { schema: { body: keyRequest, response: { 201: keyAnswer } } }, async (request, reply) => {
    const by = await callers.allowed(request, ['admin'], 'admin')
    const key = await auth.keys.create(request.body.name, request.body.scopes, by)
    return reply.code(201).header('location', `/api/v1/keys/${key.id}`).send(key)
  })
  app.delete('/api/v1/keys/:id', { schema: { params: z.object({ id: z.string() }) } }, async (request, reply) => {
    await callers.allowed(request, ['admin'], 'admin')
    await auth.keys.revoke(request.params.id)
    return reply.code(204).send()
  })
}
