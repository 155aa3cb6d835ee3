import { channelsAnswer } from '#protocol/api.ts'
import type { Routes } from '../app.ts'

/** What channels there are, as far as the reader may know. */
export const channelRoutes: Routes = (app, { realtime, callers }) => {
  app.get(
    '/api/v1/channels',
    {
      config: { roles: ['admin', 'operator', 'viewer'], scope: 'subscribe' },
      schema: { summary: 'The namespaces, and the channels in use.', response: { 200: channelsAnswer } },
    },
    async (request) => {
      const identity = await callers.allowed(request)
      const all = await realtime.activeChannels()
      const active = all.filter(({ channel }) => realtime.maySubscribe(identity, channel).ok)
      return { namespaces: [...realtime.permissions(identity)], active: active.slice(0, 200) }
    },
  )
}
