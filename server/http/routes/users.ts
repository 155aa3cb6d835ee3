import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { userAnswer, userChange, userQuery, userRequest, userView } from '#protocol/users.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { HttpProblem } from '../problem-reply.ts'

/** People with an account. */
export const userRoutes: Routes = (app, { auth, records, callers }) => {
  app.get(
    '/api/v1/users',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: { summary: 'The accounts of people.', querystring: userQuery, response: { 200: page(userView) } },
    },
    async (request) => {
      await callers.allowed(request)
      const { items, next } = await auth.users.list(request.query)
      return { items: [...items], next }
    },
  )
  app.post(
    '/api/v1/users',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Makes an account; without a password the answer has a link that sets one.',
        body: userRequest,
        response: { 201: userAnswer },
      },
    },
    async (request, reply) => {
      await callers.allowed(request)
      const { email, name = email.split('@')[0] ?? email, role, password = null } = request.body
      const user = await auth.users.create({ email, name, role, password })
      const passwordLink = password === null ? await auth.passwords.createLink(user.id) : null
      return reply
        .code(201)
        .header('location', `/api/v1/users/${user.id}`)
        .send({ ...user, passwordLink })
    },
  )
  app.patch(
    '/api/v1/users/:id',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Changes the name or role of an account.',
        params: byId,
        body: userChange,
        response: { 200: userView },
      },
    },
    async (request) => {
      const by = await callers.allowed(request)
      if (request.body.role !== undefined) refuseOwn(by, request.params.id, 'change its role')
      return auth.users.update(request.params.id, request.body)
    },
  )
  app.delete(
    '/api/v1/users/:id',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Removes an account with its sessions and keys.',
        response: { 204: z.undefined() },
        params: byId,
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { id } = request.params
      refuseOwn(by, id, 'remove it')
      await auth.users.remove(id)
      await records.db.deleteFrom('stars').where('user_id', '=', id).execute()
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/users/:id/sign-out',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: { summary: 'Signs somebody out everywhere.', response: { 204: z.undefined() }, params: byId },
    },
    async (request, reply) => {
      await callers.allowed(request)
      await auth.users.signOut(request.params.id)
      return reply.code(204).send()
    },
  )
  const switches = [
    { action: 'disable', disabled: true, summary: 'Signs somebody out everywhere and keeps them out.' },
    { action: 'enable', disabled: false, summary: 'Lets somebody who was disabled sign in again.' },
  ]
  for (const { action, disabled, summary } of switches) {
    app.post(
      `/api/v1/users/:id/${action}`,
      {
        config: { roles: ['admin'], scope: 'admin' },
        schema: { params: byId, summary, response: { 204: z.undefined() } },
      },
      async (request, reply) => {
        const by = await callers.allowed(request)
        const { id } = request.params
        if (disabled) refuseOwn(by, id, 'disable it')
        await auth.users.setDisabled(id, disabled)
        return reply.code(204).send()
      },
    )
  }
}

function refuseOwn(by: Identity, id: string, what: string): void {
  if (by.userId === id)
    throw new HttpProblem('forbidden', `This is your own account. Another administrator may ${what}.`)
}
