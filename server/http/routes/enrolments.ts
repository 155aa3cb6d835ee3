import { z } from 'zod'
import { page } from '#protocol/api.ts'
import {
  approveAnswer,
  approveRequest,
  enrolmentAnswer,
  enrolmentRequest,
  enrolmentTokenAnswer,
  enrolmentTokenRequest,
  enrolmentView,
  waitingEnrolment,
} from '#protocol/devices.ts'
import type { Routes } from '../app.ts'
import { addressOf } from '../caller.ts'

/** How a kiosk gets an identity of its own: the device authorization grant (RFC 8628). */
export const enrolmentRoutes: Routes = (app, { auth, fleet, callers }) => {
  const params = z.object({ code: z.string().min(1).max(20) })

  app.post(
    '/api/v1/enrolments',
    {
      config: { isOpen: true },
      schema: {
        summary: 'A screen asks to be enrolled (RFC 8628).',
        body: enrolmentRequest,
        response: { 201: enrolmentAnswer },
      },
    },
    async (request, reply) => reply.code(201).send(await auth.enrolments.start(request.body, addressOf(request))),
  )
  app.get(
    '/api/v1/enrolments',
    {
      config: { roles: ['admin', 'operator'] },
      schema: { summary: 'The screens that wait for a decision.', response: { 200: page(waitingEnrolment) } },
    },
    async (request) => {
      await callers.allowed(request)
      return { items: [...(await auth.enrolments.waiting())], next: null }
    },
  )
  app.post(
    '/api/v1/enrolments/token',
    {
      config: { isOpen: true },
      schema: {
        summary: 'A screen asks whether it has been approved.',
        body: enrolmentTokenRequest,
        response: { 200: enrolmentTokenAnswer },
      },
    },
    async (request) => auth.enrolments.redeem(request.body.device_code),
  )
  app.get(
    '/api/v1/enrolments/:code',
    {
      config: { roles: ['admin', 'operator'] },
      schema: { summary: 'What asks with a code.', params, response: { 200: enrolmentView } },
    },
    async (request) => {
      const by = await callers.allowed(request)
      return auth.enrolments.view(request.params.code, by)
    },
  )
  app.post(
    '/api/v1/enrolments/:code/approve',
    {
      config: { roles: ['admin', 'operator'] },
      schema: {
        summary: 'Approves a screen, under a name, and may give its pane a PIN.',
        response: { 201: approveAnswer },
        params,
        body: approveRequest,
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { name, pin } = request.body
      const device = await auth.enrolments.approve(request.params.code, name, by)
      if (pin !== undefined) await fleet.setPin(by, device.id, pin)
      return reply.code(201).header('location', `/api/v1/devices/${device.id}`).send(device)
    },
  )
  app.post(
    '/api/v1/enrolments/:code/deny',
    {
      config: { roles: ['admin', 'operator'] },
      schema: { summary: 'Refuses a screen.', response: { 204: z.undefined() }, params },
    },
    async (request, reply) => {
      await auth.enrolments.deny(request.params.code, await callers.allowed(request))
      return reply.code(204).send()
    },
  )
}
