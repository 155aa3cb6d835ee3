import { z } from 'zod'
import { deviceView, page } from '#protocol/api.ts'
import type { Routes } from '../app.ts'

/** Enrolled screens. */
export const deviceRoutes: Routes = (app, { auth, realtime, callers }) => {
  app.get('/api/v1/devices', { schema: { response: { 200: page(deviceView) } } }, async (request) => {
    await callers.allowed(request, ['admin', 'operator', 'viewer'], 'devices')
    const devices = await auth.devices.list()
    return {
      items: devices.map(({ userId, ...device }) => ({
        ...{ ...device, online: realtime.isOnline(userId) },
        ...{ storage: null, credentialSince: device.enrolledAt, rotating: false },
      })),
      next: null,
    }
  })
  app.delete('/api/v1/devices/:id', { schema: { params: z.object({ id: z.string() }) } }, async (request, reply) => {
    await callers.allowed(request, ['admin', 'operator'], 'devices')
    await auth.devices.remove(request.params.id)
    return reply.code(204).send()
  })
}
