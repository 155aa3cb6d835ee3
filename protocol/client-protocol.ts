import { z } from 'zod'

/**
 * The Centrifuge client protocol, second generation, JSON encoding. Schemas are of what a client sends; the types at the
 * end are of what the server answers. Unknown fields are ignored, as the protocol asks.
 */

/** Largest command a client may send, in bytes: a publication at its limit and room for what stands around it. */
export const maxCommandBytes = 64 * 1024 + 4096

const position = z.int().min(0)
/** The edge of a command checks only the type: what makes a channel's name valid is `channelName`, answered with 107. */
const channel = z.string()

const streamPosition = z.object({ offset: position.optional(), epoch: z.string().max(64).optional() })

const recoveryRequest = z.object({
  recover: z.boolean().optional(),
  ...streamPosition.shape,
  delta: z.string().optional(),
})
export type RecoveryRequest = z.infer<typeof recoveryRequest>

export const connectRequest = z.object({
  token: z.string().max(16_384).optional(),
  data: z.unknown().optional(),
  name: z.string().max(64).optional(),
  version: z.string().max(64).optional(),
  /** Channels that the server had subscribed this client to, with where it was in them. */
  subs: z.record(z.string(), recoveryRequest).nullish(),
})
export type ConnectRequest = z.infer<typeof connectRequest>

export const subscribeRequest = z.object({
  channel,
  token: z.string().max(16_384).optional(),
  recover: z.boolean().optional(),
  ...streamPosition.shape,
  data: z.unknown().optional(),
  positioned: z.boolean().optional(),
  recoverable: z.boolean().optional(),
  join_leave: z.boolean().optional(),
  delta: z.string().optional(),
  tf: z.unknown().optional(),
  flag: z.int().optional(),
  type: z.int().optional(),
})
export type SubscribeRequest = z.infer<typeof subscribeRequest>

/** A bit of `subscribe.flag`: refuse with error 112 rather than subscribe without having recovered. */
export const strictRecoveryFlag = 2

export const unsubscribeRequest = z.object({ channel })
export const publishCommand = z.object({
  channel,
  /** Required; that it is missing is told apart later, in words. */
  data: z.unknown().optional(),
  type: z.int().optional(),
  key: z.string().optional(),
})
export type PublishCommand = z.infer<typeof publishCommand>
export const presenceRequest = z.object({ channel })
export const historyRequest = z.object({
  channel,
  limit: z.int().optional(),
  since: streamPosition.nullish(),
  reverse: z.boolean().optional(),
})
export type HistoryRequest = z.infer<typeof historyRequest>
export const rpcRequest = z.object({ method: z.string().max(128).optional(), data: z.unknown().optional() })
export type RpcRequest = z.infer<typeof rpcRequest>
export const refreshRequest = z.object({ token: z.string().max(16_384) })
export type RefreshRequest = z.infer<typeof refreshRequest>
export const subRefreshRequest = z.object({ channel, token: z.string().max(16_384).optional() })
export type SubRefreshRequest = z.infer<typeof subRefreshRequest>

/** Every command by its field, in the order in which the first wins when a client sets several. */
export const commands = {
  connect: connectRequest,
  subscribe: subscribeRequest,
  unsubscribe: unsubscribeRequest,
  publish: publishCommand,
  presence: presenceRequest,
  presence_stats: presenceRequest,
  history: historyRequest,
  rpc: rpcRequest,
  send: z.unknown(),
  refresh: refreshRequest,
  sub_refresh: subRefreshRequest,
} as const satisfies Record<string, z.ZodType>
export type CommandName = keyof typeof commands
export const commandNames = Object.keys(commands) as readonly CommandName[]

/** One command, by name. `id` is the client's number for it, which the reply repeats. */
export type Command = {
  [Name in CommandName]: {
    readonly name: Name
    readonly id: number
    readonly request: z.infer<(typeof commands)[Name]>
  }
}[CommandName]

/** Commands of a client that is sent a stream and cannot send one. */
export const emulationRequest = z.object({
  session: z.string().min(1).max(64),
  node: z.string().max(64),
  /** As in one WebSocket frame: commands, separated by newlines. */
  data: z.string().min(1),
})
export type EmulationRequest = z.infer<typeof emulationRequest>

/** Largest body that opens a stream or brings commands to it, in bytes. */
export const maxEmulationBytes = 65_536

export interface RefreshResult {
  readonly client: string
  readonly version: string
  /** Absent when the client need not refresh any more. */
  readonly expires?: true
  readonly ttl?: number
}
