import { z } from 'zod'
import {
  dataMissing,
  hasData,
  jsonData,
  publicationFields,
  publishRequest,
  publishResult,
  serverError,
} from './publications.ts'
import type { KeyScope, Role } from './roles.ts'

/**
 * The realtime server API, `POST /api/<method>`: requests and results in the shape of Centrifugo's, so that its
 * server-side libraries work. Fields that are not known are ignored; an empty string is as good as none.
 */

/** Channels of one broadcast, and commands of one batch. */
export const maxBroadcastChannels = 1_000
export const maxBatchCommands = 1_000
/** Largest body of `batch` and `broadcast`, in bytes. */
export const maxBatchBytes = 1024 * 1024

/** The edge checks only the type of a channel: what makes its name valid is answered with 107. */
const channel = z.string().min(1, 'Name the channel.').max(1_000)
const text = z.string().max(1_000)
/** A position in a channel's stream. */
const position = z.object({ offset: z.int().min(0).default(0), epoch: z.string().max(64).default('') })

const onlyUsers = 'Clients have no labels here: name the user.'
/** Which clients are meant: all of the user, unless it says more. */
const target = {
  user: z.string().min(1, 'Name the user.').max(255),
  client: text.optional(),
  /** A signed-in session, which several clients may stand on. */
  session: text.optional(),
  /** Passing over these would reach others than were meant. */
  label_filter: z.null(onlyUsers).optional(),
  all_users: z.literal(false, onlyUsers).optional(),
}

const broadcast = z
  .object({
    channels: z
      .array(z.string().max(1_000))
      .min(1, 'Name at least one channel.')
      .max(maxBroadcastChannels, `A broadcast goes to at most ${maxBroadcastChannels} channels.`),
    ...publicationFields.shape,
  })
  .refine(hasData, dataMissing)

const boolValue = z.object({ value: z.boolean().default(false) }).optional()
const subscribe = z.object({
  channel,
  ...target,
  /** For the application: told to the client in the subscribe push. */
  data: jsonData.optional(),
  b64data: z.string().optional(),
  /** What the others in the channel see with the client. */
  info: jsonData.optional(),
  b64info: z.string().optional(),
  /** Seconds since 1970. When it has passed the connection closes with 3006, and the client comes back without it. */
  expire_at: z.int().min(0).optional(),
  recover_since: position.optional(),
  /** What the channel's policy would be for these subscriptions. */
  override: z
    .object({
      presence: boolValue,
      join_leave: boolValue,
      force_push_join_leave: boolValue,
      force_recovery: boolValue,
      force_positioning: boolValue,
    })
    .optional(),
})

const disconnect = z.object({
  ...target,
  /** Clients that are left alone. */
  whitelist: z.array(text).max(1_000).optional(),
  /** Code 0 is the same as none: 3503, after which clients stay away. */
  disconnect: z.object({ code: z.int().min(0).default(0), reason: z.string().default('') }).optional(),
})

const refresh = z.object({
  ...target,
  /** Their connections have expired: clients come back with another token. */
  expired: z.boolean().optional(),
  /** Seconds since 1970. */
  expire_at: z.int().min(0).optional(),
})

const history = z.object({
  channel,
  /** Publications; without it only where the stream stands. */
  limit: z.int().min(-1).optional(),
  since: position.optional(),
  reverse: z.boolean().optional(),
})

const rpc = z.object({ method: z.string().min(1, 'Name the method.').max(128), params: jsonData.optional() })

const clientInfo = z.object({
  user: z.string(),
  client: z.string(),
  conn_info: z.unknown().optional(),
  chan_info: z.unknown().optional(),
})
const publication = z.object({
  data: z.unknown(),
  offset: z.int().optional(),
  info: clientInfo.optional(),
  tags: z.record(z.string(), z.string()).optional(),
})
/** What `info` tells of one node. */
export const nodeInfo = z.object({
  uid: z.string(),
  name: z.string(),
  version: z.string(),
  num_clients: z.int(),
  num_users: z.int(),
  num_subs: z.int(),
  num_channels: z.int(),
  /** Seconds. */
  uptime: z.int(),
  /** Per cent of one processor since it was last asked, and resident memory in bytes. */
  process: z.object({ cpu: z.number(), rss: z.int() }),
})
export type NodeInfo = z.infer<typeof nodeInfo>
const nothing = z.object({})

const everybody = ['admin', 'operator', 'viewer', 'device'] as const satisfies readonly Role[]

/**
 * Every method: what it takes and gives, which scope an API key needs for it (any, where that is null), and which roles
 * may ask for it. Channels have rules of their own besides.
 */
export const serverMethods = {
  publish: method(publishRequest, publishResult, 'publish', everybody, 'Publishes to a channel.'),
  broadcast: method(
    broadcast,
    z.object({ responses: z.array(z.object({ result: publishResult.optional(), ...serverError.partial().shape })) }),
    'publish',
    everybody,
    'Publishes the same to several channels.',
  ),
  subscribe: method(subscribe, nothing, 'admin', ['admin'], 'Subscribes the clients of a user to a channel.'),
  unsubscribe: method(z.object({ channel, ...target }), nothing, 'admin', ['admin'], 'Ends such subscriptions.'),
  disconnect: method(disconnect, nothing, 'admin', ['admin'], 'Closes the connections of a user.'),
  refresh: method(refresh, nothing, 'admin', ['admin'], 'Decides when the connections of a user expire.'),
  presence: method(
    z.object({ channel }),
    z.object({ presence: z.record(z.string(), clientInfo) }),
    'subscribe',
    everybody,
    'Tells who is in a channel.',
  ),
  presence_stats: method(
    z.object({ channel }),
    z.object({ num_clients: z.int(), num_users: z.int() }),
    'subscribe',
    everybody,
    'Tells how many are in a channel.',
  ),
  history: method(
    history,
    z.object({ publications: z.array(publication), epoch: z.string(), offset: z.int() }),
    'subscribe',
    everybody,
    'Reads what is kept of a channel.',
  ),
  history_remove: method(z.object({ channel }), nothing, 'admin', ['admin'], 'Forgets what is kept of a channel.'),
  channels: method(
    /** `*` stands for anything, `?` for one character. */
    z.object({ pattern: z.string().max(255).optional() }),
    z.object({ channels: z.record(z.string(), z.object({ num_clients: z.int() })) }),
    'subscribe',
    ['admin', 'operator', 'viewer'],
    'Lists the channels with subscribers.',
  ),
  info: method(
    nothing,
    z.object({ nodes: z.array(nodeInfo) }),
    'subscribe',
    ['admin', 'operator'],
    'Tells of the nodes.',
  ),
  rpc: method(rpc, z.object({ data: z.unknown().optional() }), null, everybody, 'Calls a method of the application.'),
} as const
export type ServerMethodName = keyof typeof serverMethods
export const serverMethodNames = Object.keys(serverMethods) as readonly ServerMethodName[]
export type ServerRequest<Name extends ServerMethodName> = z.infer<(typeof serverMethods)[Name]['request']>

/** `POST /api/batch`. Each command names its method: `{"publish": {…}}`. */
export const batchRequest = z.object({
  commands: z
    .array(z.record(z.string(), z.unknown()).nullable())
    .max(maxBatchCommands, `A batch has at most ${maxBatchCommands} commands.`),
  /** Commands may be worked on at the same time; their replies are in order all the same. */
  parallel: z.boolean().optional(),
})
/** Each reply has its result under the method's name, `{"publish": {…}}`, or an `error`. */
export const batchAnswer = z.object({ replies: z.array(z.record(z.string(), z.unknown())) })

/** One line of `POST /api`, as older libraries send it. */
export const legacyCommand = z.object({
  id: z.int().min(0).optional(),
  method: z.string(),
  params: z.unknown().optional(),
})

function method<Request extends z.ZodType, Result extends z.ZodType>(
  request: Request,
  result: Result,
  scope: KeyScope | null,
  roles: readonly Role[],
  summary: string,
) {
  return { request, result, scope, roles, summary }
}
