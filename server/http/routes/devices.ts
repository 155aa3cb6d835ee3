import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { pinRequest } from '#protocol/device-settings.ts'
import { type DeviceView, deviceQuery, deviceView } from '#protocol/devices.ts'
import type { DeviceRecord } from '#server/auth/auth.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'

/** Enrolled screens. */
export const deviceRoutes: Routes = (app, { auth, fleet, realtime, callers }) => {
  app.get(
    '/api/v1/devices',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'devices' },
      schema: {
        summary: 'The enrolled screens, and how each is.',
        querystring: deviceQuery,
        response: { 200: page(deviceView) },
      },
    },
    async (request) => {
      await callers.allowed(request)
      const { name } = request.query
      const [all, statuses, withPin] = await Promise.all([auth.devices.list(), fleet.statuses(), fleet.withPin()])
      const devices = name === undefined ? all : all.filter((device) => device.name === name)
      const items = devices.map((device) =>
        viewOf(device, { status: statuses.get(device.id) ?? null, pin: withPin.has(device.id) }),
      )
      return { items, next: null }
    },
  )
  app.get(
    '/api/v1/devices/:id',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'devices' },
      schema: { summary: 'One screen.', params: byId, response: { 200: deviceView } },
    },
    async (request) => {
      await callers.allowed(request)
      const device = await auth.devices.find(request.params.id)
      const [status, withPin] = await Promise.all([fleet.statusOf(device.id), fleet.withPin()])
      return viewOf(device, { status, pin: withPin.has(device.id) })
    },
  )
  app.delete(
    '/api/v1/devices/:id',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: { summary: 'Removes a screen; its credential ends.', response: { 204: z.undefined() }, params: byId },
    },
    async (request, reply) => {
      await callers.allowed(request)
      await auth.devices.remove(request.params.id)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/devices/:id/rotate',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: { response: { 204: z.undefined() }, params: byId, summary: 'Tells a device to take a new credential.' },
    },
    async (request, reply) => {
      await callers.allowed(request)
      await auth.devices.rotate(request.params.id)
      return reply.code(204).send()
    },
  )
  app.put(
    '/api/v1/devices/:id/pin',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'Sets the PIN of the pane at a screen, or with null takes it away.',
        params: byId,
        body: pinRequest,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      await fleet.setPin(by, request.params.id, request.body.pin)
      return reply.code(204).send()
    },
  )

  function viewOf(
    { userId, ...device }: DeviceRecord,
    { status, pin }: Pick<DeviceView, 'status' | 'pin'>,
  ): DeviceView {
    return { ...device, status, pin, online: realtime.isOnline(userId) }
  }
}
