import { z } from 'zod'
import { instant } from './api.ts'
import { role } from './roles.ts'

/** Who is behind a connection. external: a user of the site, of whom there are no records and who has no role. */
export const clientKind = z.enum(['user', 'device', 'key', 'grant', 'local', 'external'])

/** `GET /api/v1/clients`: one open connection. */
export const clientView = z.object({
  id: z.string(),
  user: z.string(),
  name: z.string(),
  kind: clientKind,
  role: role.nullable(),
  transport: z.string(),
  address: z.string(),
  since: instant,
  channels: z.int(),
  /** What waits to be written to it. */
  queueBytes: z.int(),
})
export type ClientView = z.infer<typeof clientView>

/** `GET /api/v1/clients/{id}` */
export const clientDetail = clientView.extend({
  /** The first hundred of the channels it is subscribed to. */
  channelNames: z.array(z.string()),
})
export type ClientDetail = z.infer<typeof clientDetail>

/**
 * `GET /api/v1/clients/{id}/frames` and `GET /api/v1/users/{id}/frames`: each event of the stream. Messages of the client
 * protocol, without what opens doors; `dropped` are those that came too fast to be shown, `endings` the connections that
 * have ended, after their last frames.
 */
export const framesEvent = z.object({
  clients: z.int(),
  dropped: z.int(),
  frames: z.array(z.object({ client: z.string(), time: instant, direction: z.enum(['in', 'out']), text: z.string() })),
  endings: z.array(
    z.object({
      client: z.string(),
      time: instant,
      by: z.enum(['server', 'client']),
      /** The WebSocket close code. */
      code: z.int(),
      reason: z.string(),
    }),
  ),
})
export type FramesEvent = z.infer<typeof framesEvent>
