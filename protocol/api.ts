import { z } from 'zod'
import { channelName, namespaceName } from './channel.ts'
import { keyScope, personRole, role } from './roles.ts'

/** Largest payload of one publication, in bytes of JSON. */
export const maxPublicationBytes = 64 * 1024

/** An instant on the wire: ISO 8601 in UTC. */
export const instant = z.iso.datetime()

/** `GET /.well-known/carillon`: how a client knows that it talks to a Carillon server. */
export const serverInfo = z.object({ name: z.literal('carillon'), version: z.string(), setUp: z.boolean() })
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
const plainName = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u
/** What anybody may say of themselves: that, and nothing invisible either. */
const shownText = z.string().regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'Send text without control characters.')

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

/** A device's name is also its address: `commands:<name>`. */
export const deviceName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
    'A device name is 1 to 63 small letters, digits, - or _, beginning and ending with a letter or digit: lobby-1.',
  )

/** Where a device keeps its credential: `file` is as good as the card it lies on, `memory` is lost at every start. */
export const credentialStorage = z.enum(['keychain', 'file', 'memory'])
export type CredentialStorage = z.infer<typeof credentialStorage>

/** `POST /api/v1/enrolments`: a kiosk asks to be enrolled (RFC 8628, device authorization request). */
export const enrolmentRequest = z.object({
  hostname: shownText.max(120),
  version: shownText.max(64),
  platform: shownText.max(120),
  storage: credentialStorage.optional(),
})
export type EnrolmentRequest = z.infer<typeof enrolmentRequest>

/** The answer, with RFC 8628's names. `interval` and `expires_in` are in seconds. */
export const enrolmentAnswer = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
})
export type EnrolmentAnswer = z.infer<typeof enrolmentAnswer>

/** `POST /api/v1/enrolments/token`: the kiosk polls; until decided the problem code is one of RFC 8628's. */
export const enrolmentTokenRequest = z.object({ device_code: z.string().min(1).max(200) })
export const enrolmentTokenAnswer = z.object({
  token: z.string(),
  expiresAt: instant,
  device: z.object({ id: z.string(), name: z.string() }),
})
export type EnrolmentTokenAnswer = z.infer<typeof enrolmentTokenAnswer>

/** `GET /api/v1/enrolments/{userCode}`: what an operator sees before approving. */
export const enrolmentView = z.object({
  userCode: z.string(),
  hostname: z.string(),
  address: z.string(),
  version: z.string(),
  platform: z.string(),
  requestedAt: instant,
  expiresAt: instant,
})
export type EnrolmentView = z.infer<typeof enrolmentView>

/**
 * `GET /api/v1/enrolments`: the screens that wait for a decision. Without their codes: whoever approves one has to have
 * seen it.
 */
export const waitingEnrolment = enrolmentView.omit({ userCode: true }).extend({ id: z.string() })
export type WaitingEnrolment = z.infer<typeof waitingEnrolment>

/** `POST /api/v1/enrolments/{userCode}/approve`; `/deny` takes no body. */
export const approveRequest = z.object({ name: deviceName })
export const approveAnswer = z.object({ id: z.string(), name: z.string() })

/** A kiosk or desktop installation. */
export const deviceView = z.object({
  id: z.string(),
  name: z.string(),
  hostname: z.string(),
  version: z.string(),
  platform: z.string(),
  address: z.string(),
  enrolledAt: instant,
  enrolledBy: z.string(),
  online: z.boolean(),
  lastSeenAt: instant.nullable(),
  /** What the device says of where it keeps its credential; null when it did not say. */
  storage: credentialStorage.nullable(),
  /** When the credential it uses was made. */
  credentialSince: instant,
  /** Whether it has been told to take a new credential and has not yet done so: `POST /api/v1/devices/{id}/rotate`. */
  rotating: z.boolean(),
})
export type DeviceView = z.infer<typeof deviceView>

/** `PATCH /api/v1/devices/me`: what a device says of itself. */
export const deviceReport = z.object({ storage: credentialStorage })

/**
 * `POST /api/v1/devices/me/credential`: a new credential for the device that asks. The one it asks with holds until the
 * new one is first used, so that a device that loses power in between loses nothing.
 */
export const deviceCredentialRequest = deviceReport.partial()
export const deviceCredential = z.object({ token: z.string(), expiresAt: instant })
export type DeviceCredential = z.infer<typeof deviceCredential>

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

/** Lists are paged by cursor: pass `next` as `?cursor=` until it is null. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export const pageQuery = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(100),
  cursor: z.string().max(400).optional(),
})

/** `POST /api/v1/users`, administrators only. Without a password the answer has a link that sets one. */
export const userRequest = z.object({
  email,
  name: personName.optional(),
  role: personRole,
  password: password.optional(),
})
export const userView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role,
  disabled: z.boolean(),
  /** Until when passwords are not tried for this account, after too many wrong ones. */
  lockedUntil: instant.nullable(),
  secondFactor: z.enum(['none', 'totp', 'passkey', 'both']),
  createdAt: instant,
  lastSignInAt: instant.nullable(),
})
export type UserView = z.infer<typeof userView>
/** `GET /api/v1/users`: `query` is part of a name or an e-mail address. */
export const userQuery = z.object({ query: z.string().trim().max(120).optional(), ...pageQuery.shape })
/** A link that works once, for a day: to be handed to the person, since the server sends no mail. */
export const passwordLink = z.object({ link: z.string(), expiresAt: instant })
export type PasswordLink = z.infer<typeof passwordLink>
/** The answer of `POST /api/v1/users`. */
export const userAnswer = userView.extend({ passwordLink: passwordLink.nullable() })
/**
 * `PATCH /api/v1/users/{id}`. Beside it, each answering 204: `DELETE`, and `POST …/disable`, `enable`, `unlock`,
 * `sign-out`, `reset-second-factor`; `POST …/reset-password` answers a `passwordLink`.
 */
export const userChange = z
  .object({ name: personName, role: personRole })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Give something to change.')
export type UserChange = z.infer<typeof userChange>

/**
 * `POST /api/v1/keys`: administrators with any scope, others with `publish` and `subscribe` as far as their role goes. The
 * key itself is in this answer and nowhere else. */
export const keyRequest = z.object({
  name: z
    .string()
    .trim()
    .min(1, 'Name the key after what will use it.')
    .max(32, 'A key name has at most 32 characters.')
    .regex(plainName, 'Give a name without control characters.'),
  scopes: z.array(keyScope).min(1, 'Give at least one scope.'),
  /** When it stops working; never, when left out. */
  expiresAt: instant.optional(),
})
/** `GET /api/v1/keys?mine` lists one's own; without `mine`, for administrators, all. */
export const keyQuery = z.object({ mine: z.enum(['', 'true']).optional(), ...pageQuery.shape })
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(keyScope),
  /** Who made it: with their account it stops working. */
  owner: z.object({ id: z.string(), name: z.string() }),
  expiresAt: instant.nullable(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
})
export type KeyView = z.infer<typeof keyView>
export const keyAnswer = keyView.extend({ key: z.string() })
export type KeyAnswer = z.infer<typeof keyAnswer>

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

/** Deepest nesting of arrays and objects in a publication: deeper data could exhaust the stack of whoever reads it. */
const maxNesting = 100

/** Any JSON value that is not nested too deeply. What has been parsed from JSON is one already. */
export const jsonData = z
  .unknown()
  .refine((data) => isNestedAtMost(data, maxNesting), `The data is nested more than ${maxNesting} levels deep.`)

function isNestedAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((each) => isNestedAtMost(each, levels - 1))
}

/** Most tags of one publication. */
const maxTags = 64

/** What a publication is, wherever it goes. */
export const publicationFields = z.object({
  data: jsonData.optional(),
  /** The data's JSON text in base64, instead of `data`. */
  b64data: z.string().optional(),
  tags: z
    .record(z.string().max(64), z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= maxTags, `A publication has at most ${maxTags} tags.`)
    .optional(),
  idempotency_key: z
    .string()
    .min(1, 'An idempotency key has 1 to 128 characters.')
    .max(128, 'An idempotency key has 1 to 128 characters.')
    .optional(),
  /** Reaches who is there now and is not kept. */
  skip_history: z.boolean().optional(),
  /** Accepted for Centrifugo's libraries: deltas are made for whoever asked for them, where the namespace allows it. */
  delta: z.boolean().optional(),
  /** A state's number: one that is not higher than the highest seen in the channel reaches nobody. 0 is none. */
  version: z.int().min(0).optional(),
  version_epoch: z.string().max(64).optional(),
})

/** Null is data. */
export function hasData({
  data,
  b64data,
}: {
  readonly data?: unknown
  readonly b64data?: string | undefined
}): boolean {
  return data !== undefined || (b64data !== undefined && b64data !== '')
}
export const dataMissing = { path: ['data'], error: 'Give the data to publish: any JSON value.' }

/** `POST /api/publish`: shape-compatible with Centrifugo's server API, of which `server-api.ts` has the rest. */
export const publishRequest = z
  .object({ channel: channelName, ...publicationFields.shape })
  .refine(hasData, dataMissing)
export const publishResult = z.object({
  offset: z.int().optional(),
  epoch: z.string().optional(),
  /** Only there when the same was published before: by its idempotency key, or with as high a version. */
  duplicate: z.literal(true).optional(),
})
export const serverError = z.object({ error: z.object({ code: z.int(), message: z.string() }) })
/** The server API answers 200 with a result or an error, as Centrifugo does. */
export const publishAnswer = z.union([z.object({ result: publishResult }), serverError])
