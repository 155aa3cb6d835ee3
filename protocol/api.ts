import { z } from 'zod'
import { channelName, namespaceName } from './channel.ts'
import { role } from './roles.ts'

/** An instant on the wire: ISO 8601 in UTC. */
export const instant = z.iso.datetime()

/** `GET /.well-known/carillon`: how a client knows that it talks to a Carillon server. */
export const serverInfo = z.object({
  name: z.literal('carillon'),
  version: z.string(),
  setUp: z.boolean(),
  /** Where it listens: said through the socket in its folder alone. */
  address: z.url().exactOptional(),
})
export type ServerInfo = z.infer<typeof serverInfo>

/** `GET /api/v1/me` */
export const me = z.object({
  id: z.string(),
  /** grant: a service with an OAuth access token. */
  kind: z.enum(['user', 'device', 'key', 'grant', 'local']),
  name: z.string(),
  email: z.string().nullable(),
  role,
  /** `rotate` asks a device to take a new credential: `POST /api/v1/devices/me/credential`. */
  device: z.object({ id: z.string(), name: z.string(), rotate: z.literal(true).optional() }).nullable(),
})
export type Me = z.infer<typeof me>

export const email = z.email('Give an e-mail address such as ada@example.org.').max(254)
export const password = z
  .string()
  .min(10, 'A password has at least 10 characters.')
  .max(128, 'A password has at most 128 characters.')
/**
 * Names are shown in consoles and terminals: nothing that steers those or turns text around. Joiners are let in, which
 * Persian names are written with.
 */
export const plainName = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u
export const personName = z
  .string()
  .trim()
  .min(1, 'Give a name.')
  .max(120, 'A name has at most 120 characters.')
  .regex(plainName, 'Give a name without control characters.')

/** `POST /api/v1/setup`: creates the first administrator with the one-time link printed at start. */
export const setupRequest = z.object({ token: z.string().min(1).max(200), name: personName, email, password })
export type SetupRequest = z.infer<typeof setupRequest>

/** `POST /api/v1/token`: signs a program in. The answer is a bearer session token. */
export const tokenRequest = z.object({
  email,
  password: z.string().min(1).max(128),
  /** A code of an authenticator app or a back-up code, where the answer without was `code_required`. */
  code: z.string().max(24).optional(),
})
export const tokenAnswer = z.object({ token: z.string(), expiresAt: instant })
export type TokenAnswer = z.infer<typeof tokenAnswer>

/** Said to a device that is to take a new credential: `POST /api/v1/devices/me/credential`. */
const rotate = z.literal(true).optional()

/** `POST /api/v1/access-tokens`: a JWT for the socket. `expiresIn` is in seconds. */
export const accessTokenAnswer = z.object({ token: z.string(), expiresIn: z.int(), rotate })
export type AccessTokenAnswer = z.infer<typeof accessTokenAnswer>

/** `POST /api/v1/tickets`: opens one socket within `expiresIn` seconds, once. */
export const ticketAnswer = z.object({ ticket: z.string(), expiresIn: z.int(), rotate })

/** `POST /api/v1/subscription-tokens`: lets one user into one private channel. `expiresIn` is in seconds. */
export const subscriptionTokenRequest = z.object({
  user: z.string().min(1, 'Name the user by id.').max(255),
  channel: channelName.regex(/^\$/, 'A private channel begins with $, for example $news:board.'),
  expiresIn: z
    .int()
    .min(10)
    .max(24 * 3600)
    .default(300),
  /** What the others in the channel see with the user. */
  info: z
    .unknown()
    .refine((info) => JSON.stringify(info ?? null).length <= 4096, 'The info has at most 4,096 characters of JSON.')
    .optional(),
})
export const subscriptionTokenAnswer = z.object({ token: z.string(), expiresIn: z.int() })

/** Lists are paged by cursor: pass `next` as `?cursor=` until it is null. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export const pageQuery = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(100),
  cursor: z.string().max(400).optional(),
})

/** `GET /api/v1/channels`: the namespaces and what the reader may do in each, and the channels in use. */
export const channelsAnswer = z.object({
  namespaces: z.array(
    z.object({
      name: namespaceName,
      subscribe: z.boolean(),
      publish: z.boolean(),
      historySize: z.int(),
      historyTtlSeconds: z.int(),
    }),
  ),
  active: z.array(z.object({ channel: z.string(), clients: z.int() })),
})
export type ChannelsAnswer = z.infer<typeof channelsAnswer>

/** `GET /api/v1/stars`, `PUT` and `DELETE /api/v1/stars/{channel}`: the channels the reader follows. */
export const starsAnswer = z.object({ channels: z.array(z.string()) })
