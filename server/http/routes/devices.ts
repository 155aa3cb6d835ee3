import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { deviceCredential, deviceCredentialRequest, deviceReport, deviceView } from '#protocol/devices.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Enrolled screens. */
export const deviceRoutes: Routes = (app, { auth, realtime, callers }) => {
  app.get(
    '/api/v1/devices',
    { schema: { summary: 'The enrolled screens.', response: { 200: page(deviceView) } } },
    async (request) => {
      await callers.allowed(request, ['admin', 'operator', 'viewer'], 'devices')
      const devices = await auth.devices.list()
      return {
        items: devices.map(({ userId, ...device }) => ({ ...device, online: realtime.isOnline(userId) })),
        next: null,
      }
    },
  )
  app.delete(
    '/api/v1/devices/:id',
    { schema: { summary: 'Removes a screen; its credential ends.', response: { 204: z.undefined() }, params: byId } },
    async (request, reply) => {
      await callers.allowed(request, ['admin', 'operator'], 'devices')
      await auth.devices.remove(request.params.id)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/devices/:id/rotate',
    { schema: { response: { 204: z.undefined() }, params: byId, summary: 'Tells a device to take a new credential.' } },
    async (request, reply) => {
      await callers.allowed(request, ['admin', 'operator'], 'devices')
      await auth.devices.rotate(request.params.id)
      return reply.code(204).send()
    },
  )
  app.patch(
    '/api/v1/devices/me',
    { schema: { response: { 204: z.undefined() }, body: deviceReport, summary: 'What a device says of itself.' } },
    async (request, reply) => {
      const { device } = deviceOf(await callers.signedIn(request))
      await auth.devices.report(device.id, request.body)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/devices/me/credential',
    {
      schema: {
        body: deviceCredentialRequest,
        summary: 'A new credential for the device that asks; the present one ends when the new one is first used.',
        response: { 201: deviceCredential },
      },
    },
    async (request, reply) => {
      const device = deviceOf(await callers.signedIn(request))
      return reply.code(201).send(await auth.devices.newCredential(device, request.body.storage))
    },
  )
}

function deviceOf(identity: Identity): Extract<Identity, { kind: 'device' }> {
  if (identity.kind === 'device') return identity
  throw new HttpProblem('forbidden', 'This is for a device, with its own credential.')
}
