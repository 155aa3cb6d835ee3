import { z } from 'zod'
import { starsAnswer } from '#protocol/api.ts'
import { channelName } from '#protocol/channel.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Most channels one person can follow: the realtime server allows 128 subscriptions on a connection. */
const maxStars = 100

/** The channels a person follows, the same on every desktop. */
export const starRoutes: Routes = (app, { records, realtime, callers }) => {
  const params = z.object({ channel: channelName })

  async function channelsOf(userId: string): Promise<string[]> {
    const rows = await records.db
      .selectFrom('stars')
      .select('channel')
      .where('user_id', '=', userId)
      .orderBy('created_at')
      .execute()
    return rows.map((row) => row.channel)
  }

  app.get(
    '/api/v1/stars',
    {
      config: { roles: ['admin', 'operator', 'viewer'] },
      schema: { summary: 'The channels you follow.', response: { 200: starsAnswer } },
    },
    async (request) => {
      const { userId } = await callers.allowed(request)
      return { channels: await channelsOf(userId) }
    },
  )
  app.put(
    '/api/v1/stars/:channel',
    {
      config: { roles: ['admin', 'operator', 'viewer'] },
      schema: { summary: 'Follows a channel.', response: { 204: z.undefined() }, params },
    },
    async (request, reply) => {
      const identity = await callers.allowed(request)
      const { channel } = request.params
      const access = realtime.maySubscribe(identity, channel)
      if (!access.ok && access.error === 'unknownChannel') {
        throw new HttpProblem(
          'unknown_channel',
          `No namespace is configured for ${channel}. Follow one such as news:general.`,
        )
      }
      if (!access.ok) throw new HttpProblem('forbidden', `Your role does not let you follow ${channel}.`)
      if ((await channelsOf(identity.userId)).length >= maxStars) {
        throw new HttpProblem(
          'bad_request',
          `You follow ${maxStars} channels, the most there can be. Unfollow one first.`,
        )
      }
      await records.db
        .insertInto('stars')
        .values({ user_id: identity.userId, channel, created_at: new Date().toISOString() })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return reply.code(204).send()
    },
  )
  app.delete(
    '/api/v1/stars/:channel',
    {
      config: { roles: ['admin', 'operator', 'viewer'] },
      schema: { summary: 'Follows a channel no longer.', response: { 204: z.undefined() }, params },
    },
    async (request, reply) => {
      const { userId } = await callers.allowed(request)
      await records.db
        .deleteFrom('stars')
        .where('user_id', '=', userId)
        .where('channel', '=', request.params.channel)
        .execute()
      return reply.code(204).send()
    },
  )
}
