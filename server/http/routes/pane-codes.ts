import { z } from 'zod'
import { paneCodeAnswer, paneCodeCheck } from '#protocol/pane-codes.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { deviceOf } from '../device-caller.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Codes that open the local pane at a screen. */
export const paneCodeRoutes: Routes = (app, { paneCodes, callers }) => {
  app.post(
    '/api/v1/devices/:id/pane-code',
    {
      config: { roles: ['admin', 'operator'], scope: 'devices' },
      schema: {
        summary: 'A one-time code for the local pane of a screen, good for five minutes.',
        params: byId,
        response: { 201: paneCodeAnswer },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      return reply.code(201).send(await paneCodes.issue(by, request.params.id))
    },
  )
  app.post(
    '/api/v1/devices/me/pane-code',
    {
      schema: {
        summary: 'A screen asks whether a code opens its pane; wrong_code where it does not. It works once.',
        body: paneCodeCheck,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { device } = deviceOf(await callers.signedIn(request))
      if (await paneCodes.redeem(device, request.body.code)) return reply.code(204).send()
      throw new HttpProblem('wrong_code', 'The code is wrong, used, for another screen or too old. Ask for a new one.')
    },
  )
}
