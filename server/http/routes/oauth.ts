import { z } from 'zod'
import { grantView } from '#protocol/account.ts'
import { page } from '#protocol/api.ts'
import {
  type ConsentView,
  consentAnswer,
  consentRequest,
  consentView,
  deviceGrantRequest,
  deviceGrantView,
  oauthClientAnswer,
  oauthClientChange,
  oauthClientRequest,
  oauthClientView,
} from '#protocol/oauth.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'

/** The issuer has a path: clients look for its documents here (RFC 8414) or below it (`/api/auth/.well-known/…`). */
const documents = ['oauth-authorization-server', 'openid-configuration'].flatMap((name) => [
  `/.well-known/${name}`,
  `/.well-known/${name}/api/auth`,
])

const noPublish = 'Publish, which you may do nowhere now'

/** Other services: which there are, and what people let them do. */
export const oauthRoutes: Routes = (app, { auth, callers, oauthClientRoles, realtime }) => {
  const { clients, consents, deviceGrants, grants, metadata } = auth.oauth
  /** To whoever may publish nowhere a service is not said to publish. */
  const worded = <View extends Pick<ConsentView, 'scopes'>>(view: View, by: Identity): View => {
    if (realtime.permissions(by).some(({ publish }) => publish)) return view
    const isPublish = ({ name }: { name: string }) => name === 'publish'
    return { ...view, scopes: view.scopes.map((each) => (isPublish(each) ? { ...each, meaning: noPublish } : each)) }
  }

  for (const path of documents) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=60').send(metadata),
    )
  }

  app.get(
    '/api/v1/oauth/clients',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: { summary: 'The services that are registered.', response: { 200: page(oauthClientView) } },
    },
    async (request) => {
      await callers.allowed(request)
      return { items: [...(await clients.list())], next: null }
    },
  )
  app.post(
    '/api/v1/oauth/clients',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: {
        summary: 'Registers a service; its secret is in this answer alone.',
        body: oauthClientRequest,
        response: { 201: oauthClientAnswer },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const client = await clients.create(request.body, by)
      return reply.code(201).header('location', `/api/v1/oauth/clients/${client.id}`).send(client)
    },
  )
  app.get(
    '/api/v1/oauth/clients/:id',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: { summary: 'One service.', params: byId, response: { 200: oauthClientView } },
    },
    async (request) => {
      await callers.allowed(request)
      return clients.get(request.params.id)
    },
  )
  app.patch(
    '/api/v1/oauth/clients/:id',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: {
        summary: 'Changes a service.',
        params: byId,
        body: oauthClientChange,
        response: { 200: oauthClientView },
      },
    },
    async (request) => {
      const by = await callers.allowed(request)
      return clients.update(request.params.id, request.body, by)
    },
  )
  app.delete(
    '/api/v1/oauth/clients/:id',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: {
        summary: 'Removes a service, and ends all it was let do.',
        response: { 204: z.undefined() },
        params: byId,
      },
    },
    async (request, reply) => {
      await clients.remove(request.params.id, await callers.allowed(request))
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/oauth/clients/:id/rotate-secret',
    {
      config: { roles: oauthClientRoles, scope: 'admin' },
      schema: {
        summary: 'A new secret for a service; the old one ends.',
        params: byId,
        response: { 200: oauthClientAnswer },
      },
    },
    async (request) => {
      const by = await callers.allowed(request)
      return clients.rotateSecret(request.params.id, by)
    },
  )

  app.get(
    '/api/v1/oauth/consent',
    {
      schema: {
        summary: 'What a service asks for, for the page on which somebody decides.',
        response: { 200: consentView },
      },
    },
    async (request) => {
      const query = request.url.split('?')[1] ?? ''
      // Why a service could not even begin is told to whoever it sent here.
      if (new URLSearchParams(query).has('error')) return consents.view(query)
      const by = await callers.person(request)
      return worded(await consents.view(query), by)
    },
  )
  app.post(
    '/api/v1/oauth/consent',
    {
      schema: {
        summary: 'Lets a service act for you, or not.',
        body: consentRequest,
        response: { 200: consentAnswer },
      },
    },
    async (request) => {
      const by = await callers.person(request)
      return consents.decide({ ...request.body, cookie: request.headers.cookie ?? '' }, by)
    },
  )
  app.get(
    '/api/v1/oauth/device',
    {
      schema: {
        summary: 'Who asks for access with a code.',
        querystring: deviceGrantRequest.pick({ code: true }),
        response: { 200: deviceGrantView },
      },
    },
    async (request) => {
      const by = await callers.person(request)
      return worded(await deviceGrants.view(request.query.code, by), by)
    },
  )
  app.post(
    '/api/v1/oauth/device',
    {
      schema: {
        summary: 'Lets whoever shows a code act for you, or not.',
        response: { 204: z.undefined() },
        body: deviceGrantRequest,
      },
    },
    async (request, reply) => {
      const by = await callers.person(request)
      await deviceGrants.decide(request.body.code, request.body.accept, by)
      return reply.code(204).send()
    },
  )

  app.get(
    '/api/v1/me/grants',
    { schema: { summary: 'The services you have let act for you.', response: { 200: page(grantView) } } },
    async (request) => {
      const { userId } = await callers.person(request)
      return { items: [...(await grants.list(userId))], next: null }
    },
  )
  app.delete(
    '/api/v1/me/grants/:clientId',
    {
      schema: {
        summary: 'Ends what a service may do for you.',
        response: { 204: z.undefined() },
        params: z.object({ clientId: z.string().max(100) }),
      },
    },
    async (request, reply) => {
      await grants.end(request.params.clientId, await callers.person(request))
      return reply.code(204).send()
    },
  )
}
