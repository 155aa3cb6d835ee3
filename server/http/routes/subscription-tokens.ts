import { subscriptionTokenAnswer, subscriptionTokenRequest } from '#protocol/api.ts'
import { noNamespaceFor } from '#protocol/channel.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Admitting users to private channels, for sites that sign no tokens of their own. */
export const subscriptionTokenRoutes: Routes = (app, { auth, realtime, callers }) => {
  const summary = 'A token that lets one user into one private channel.'
  const schema = { summary, body: subscriptionTokenRequest, response: { 201: subscriptionTokenAnswer } }
  const config = { roles: ['admin', 'operator'], scope: 'subscribe' } as const
  app.post('/api/v1/subscription-tokens', { config, schema }, async (request, reply) => {
    const by = await callers.allowed(request)
    const { user, channel, expiresIn, info } = request.body
    const allowed = realtime.mayAdmit(by, channel)
    if (!allowed.ok && allowed.error === 'unknownChannel') {
      throw new HttpProblem('unknown_channel', noNamespaceFor(channel))
    }
    if (!allowed.ok) {
      throw new HttpProblem(
        'forbidden',
        `Who lets others into ${channel} may subscribe there, and you may not: the setting subscribe_roles of its namespace says who may (a key counts as an operator).`,
      )
    }
    const admission = { channel, userId: user, info: info == null ? null : JSON.stringify(info) }
    return reply.code(201).send(await auth.issueSubscriptionToken({ ...admission, lifetimeSeconds: expiresIn }))
  })
}
