import { z } from 'zod'
import { deviceSettings } from '#protocol/device-settings.ts'
import { deviceCredential, deviceCredentialRequest, deviceReport } from '#protocol/devices.ts'
import type { Routes } from '../app.ts'
import { deviceOf } from '../device-caller.ts'

/** What a device asks about itself, with its own credential. */
export const deviceSelfRoutes: Routes = (app, { auth, fleet, callers }) => {
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
  app.get(
    '/api/v1/devices/me/settings',
    {
      schema: {
        summary: 'What a device is told of itself: whose pages it may show, and the PIN of its pane, hashed.',
        response: { 200: deviceSettings },
      },
    },
    async (request) => fleet.settings(deviceOf(await callers.signedIn(request)).device.id),
  )
}
