import { z } from 'zod'
import {
  backupCodesAnswer,
  factorChangeRequest,
  secondFactorView,
  totpAnswer,
  totpRequest,
  totpVerifyRequest,
} from '#protocol/account.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'

/** One's own second factor, and taking away somebody's who has lost it. */
export const secondFactorRoutes: Routes = (app, { auth, callers }) => {
  const { secondFactor, passkeys } = auth
  app.get(
    '/api/v1/me/second-factor',
    { schema: { summary: 'Your second factors, and whether you must have one.', response: { 200: secondFactorView } } },
    async (request) => secondFactor.view(await callers.signedIn(request)),
  )
  app.post(
    '/api/v1/me/totp',
    { schema: { summary: 'Begins to set up an authenticator app.', body: totpRequest, response: { 200: totpAnswer } } },
    async (request) => secondFactor.beginTotp(await callers.signedIn(request), request.body.password),
  )
  app.post(
    '/api/v1/me/totp/verify',
    {
      schema: {
        summary: 'Turns the authenticator app on with a first code; the answer has the back-up codes.',
        body: totpVerifyRequest,
        response: { 200: backupCodesAnswer },
      },
    },
    async (request) => {
      const by = await callers.signedIn(request)
      return { backupCodes: [...(await secondFactor.verifyTotp(by, request.body.code))] }
    },
  )
  app.post(
    '/api/v1/me/totp/disable',
    {
      schema: {
        summary: 'Turns the authenticator app off.',
        response: { 204: z.undefined() },
        body: factorChangeRequest,
      },
    },
    async (request, reply) => {
      const { password, code } = request.body
      await secondFactor.disableTotp(await callers.signedIn(request), password, code)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/me/backup-codes',
    {
      schema: {
        summary: 'New back-up codes; the old ones end.',
        body: factorChangeRequest,
        response: { 200: backupCodesAnswer },
      },
    },
    async (request) => {
      const { password, code } = request.body
      const by = await callers.signedIn(request)
      return { backupCodes: [...(await secondFactor.renewBackupCodes(by, password, code))] }
    },
  )
  app.delete(
    '/api/v1/me/passkeys/:id',
    { schema: { summary: 'Removes a passkey of yours.', response: { 204: z.undefined() }, params: byId } },
    async (request, reply) => {
      await passkeys.remove(await callers.signedIn(request), request.params.id)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/users/:id/reset-second-factor',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        summary: 'Takes away the second factors of somebody who has lost them.',
        response: { 204: z.undefined() },
        params: byId,
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      await secondFactor.reset(request.params.id, by)
      return reply.code(204).send()
    },
  )
}
