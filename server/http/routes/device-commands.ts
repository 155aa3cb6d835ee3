import { z } from 'zod'
import { page } from '#protocol/api.ts'
import {
  deviceCommandDetail,
  deviceCommandQuery,
  deviceCommandRequest,
  deviceCommandView,
  idempotencyKey,
} from '#protocol/device-commands.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'

/** What screens are told to do, and how it ended. */
export const deviceCommandRoutes: Routes = (app, { fleet, callers }) => {
  app.post(
    '/api/v1/devices/:id/commands',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'Tells a screen to do something. With an Idempotency-Key it is safe to send twice.',
        description: 'How it ended is at Location, and published to telemetry:<device>.',
        params: byId,
        headers: z.object({ 'idempotency-key': idempotencyKey.optional() }),
        body: deviceCommandRequest,
        response: {
          200: deviceCommandView.describe('It was sent before with this key: this is it.'),
          202: deviceCommandView,
        },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { params, headers, body } = request
      const { command, isNew } = await fleet.send(by, params.id, body, headers['idempotency-key'] ?? null)
      return reply
        .code(isNew ? 202 : 200)
        .header('location', `/api/v1/devices/${command.device.id}/commands/${command.id}`)
        .send(command)
    },
  )
  app.get(
    '/api/v1/devices/:id/commands',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'What a screen was told to do, the newest first. Kept for 30 days, and 1,000 of each screen.',
        params: byId,
        querystring: deviceCommandQuery,
        response: { 200: page(deviceCommandView) },
      },
    },
    async (request) => {
      await callers.allowed(request)
      const { limit, cursor = null } = request.query
      const { items, next } = await fleet.commands(request.params.id, { limit, cursor })
      return { items: [...items], next }
    },
  )
  app.get(
    '/api/v1/devices/:id/commands/:command',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'One command, with what it brought.',
        params: byId.extend({ command: z.uuid('Give the id of a command.') }),
        response: { 200: deviceCommandDetail },
      },
    },
    async (request) => {
      await callers.allowed(request)
      return fleet.command(request.params.id, request.params.command)
    },
  )
}
