import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { maxScreenshotBytes } from '#protocol/device-commands.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { deviceOf } from '../device-caller.ts'

/** Pictures of what screens show. */
export const screenshotRoutes: Routes = (app, { fleet, callers }) => {
  const devices = new WeakMap<FastifyRequest, Extract<Identity, { kind: 'device' }>>()
  app.addContentTypeParser<Buffer>('image/png', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body)

  app.put(
    '/api/v1/devices/me/screenshots/:id',
    {
      // Before the body is read, which may be large.
      onRequest: async (request) => {
        devices.set(request, deviceOf(await callers.signedIn(request)))
      },
      bodyLimit: maxScreenshotBytes,
      schema: {
        summary: 'The picture that a command asked the device for: a PNG of at most 8 MiB.',
        consumes: ['image/png'],
        params: byCommand,
        body: z.instanceof(Buffer, { error: 'Send the picture as image/png.' }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const found = devices.get(request)
      if (found === undefined) throw new Error('a request has reached its route without a caller')
      const { id, name } = found.device
      await fleet.keepScreenshot({ id, name }, request.params.id, request.body)
      return reply.code(204).send()
    },
  )
  app.get(
    '/api/v1/devices/:id/screenshots/:command',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'What a screen showed when a command asked for it. The newest five of each screen are kept.',
        produces: ['image/png'],
        params: byId.extend({ command: byCommand.shape.id }),
      },
    },
    async (request, reply) => {
      await callers.allowed(request)
      const { id, command } = request.params
      const png = await fleet.screenshot(id, command)
      return reply
        .headers({
          'content-type': 'image/png',
          'content-disposition': `inline; filename="${command}.png"`,
          // Opened by itself it is a picture and nothing that could run.
          'content-security-policy': "default-src 'none'; sandbox",
        })
        .send(Buffer.from(png.buffer, png.byteOffset, png.byteLength))
    },
  )
}

const byCommand = z.object({ id: z.uuid('Give the id of a command.') })
