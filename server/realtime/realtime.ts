import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { EmulationRequest } from '#protocol/client-protocol.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { Revoked, VerifiedConnection, VerifiedSubscription } from '#server/auth/auth.ts'
import type { ExternalIdentity, Identity } from '#server/auth/identity.ts'
import type { PublicationSource } from '#server/metrics/metrics.ts'
import type { ActiveChannel } from './active-channels.ts'
import type { ClientDirectory } from './client-directory.ts'
import type { Hooks } from './hooks.ts'
import type { Nodes } from './nodes.ts'
import type { ServerCalls } from './server-calls.ts'
import type { Steering } from './steering.ts'
import type { StreamName } from './transport.ts'

/** The realtime server: sockets, subscriptions, fan-out. Built by `create-realtime.ts`. */
export interface Realtime extends AsyncDisposable {
  /**
   * Takes over an upgrade request. `known` is who the HTTP edge already found behind it (a bearer header, a ticket in
   * the URL, the local socket); null when the connect frame has to say.
   */
  upgrade(
    request: UpgradeRequest,
    socket: Duplex,
    head: Buffer,
    known: Known | null,
    name?: 'websocket' | 'uni_websocket',
    /** Where the client is; by default the other end of the socket. */
    address?: string,
  ): void
  /** Where revocations stand: to be taken before it is looked up who somebody is. */
  mark(): number
  /** Whether whoever comes from this address now is refused, so that no ticket is used up for it. */
  isFull(address: string): boolean
  /** Makes of an answer that nothing was written to yet one without end. Answers why not, if not. */
  stream(response: ServerResponse, call: StreamCall): Refusal | null
  /** Takes the commands of a client that has such an answer, on whichever node that is. */
  emulate(request: EmulationRequest, address: string): Promise<EmulationOutcome>
  /**
   * Publishes for somebody who is not on a socket, with the same permissions and limits. `internal` is always worth
   * trying again, with the same idempotency key where `message` says that it may have been published.
   */
  publish(by: Identity, request: PublishCall): Promise<PublishOutcome>
  /** The same to several channels. One outcome a channel, in their order. */
  broadcast(by: Identity, request: BroadcastCall): Promise<readonly PublishOutcome[]>
  /** What somebody who is not on a socket may read and call. */
  readonly calls: ServerCalls
  /** What the server decides about clients that are connected, on all nodes. */
  readonly steering: Steering
  /** What is going on, on all nodes. */
  readonly nodes: Nodes
  /** The clients of all nodes, to be looked at. */
  readonly clients: ClientDirectory
  /** Closes the live sockets a revocation is about, on every node, with 3503, or 3011 when they may come back. */
  revoke(revoked: Revoked): void
  /** Who may do what in each namespace. */
  permissions(by: Identity): readonly {
    readonly name: string
    readonly subscribe: boolean
    readonly publish: boolean
    readonly historySize: number
    readonly historyTtlSeconds: number
  }[]
  /** Whether this identity may subscribe to this channel. */
  maySubscribe(by: Identity, channel: string): SubscribeOutcome
  /** Whether this identity may let somebody into this private channel, `$news:board`. */
  mayAdmit(by: Identity, channel: string): SubscribeOutcome
  /** Channels with subscribers, busiest first: on all nodes, a second old at most. */
  activeChannels(): Promise<readonly ActiveChannel[]>
  /** Whether this user has a connection to any node. */
  isOnline(userId: string): boolean
  /** Tells what happens to clients, and lets others decide. */
  readonly hooks: Pick<Hooks, 'on' | 'decides'>
}

/** What is read of a request that is to become a WebSocket. */
export type UpgradeRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'socket'>

export interface StreamCall {
  readonly name: StreamName
  /** What the client said: a connect command, or where it says nothing more the request of one. */
  readonly first: string
  /** As with `upgrade`. */
  readonly known: Known | null
  /** Where the client is. */
  readonly address: string
}

/** Who is behind a request, as of `mark`: revocations since then are about them too. */
export interface Known {
  readonly identity: Identity
  readonly mark: number
}

/** Why a request does not become a connection. */
export interface Refusal {
  readonly status: 400 | 405 | 426 | 503
  readonly sentence: string
}

/** unknown: that connection is no more. full: more waits for it than may; it is closed. */
export type EmulationOutcome = 'taken' | 'unknown' | 'unknown_node' | 'full'

export type SubscribeOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ReplyErrorName }

export interface PublishCall {
  readonly channel: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
  /** Reaches who is there now and is not kept, whatever the channel's policy. */
  readonly skipHistory?: boolean
  /** One that is not higher than the highest seen in the channel reaches nobody. Needs history. */
  readonly version?: number
  readonly versionEpoch?: string
  /** Where it came from, for the metrics. Default `http`. */
  readonly source?: PublicationSource
}

export interface BroadcastCall extends Omit<PublishCall, 'channel'> {
  readonly channels: readonly string[]
}

export type PublishOutcome =
  /** `duplicate`: the same was published before, at this offset. */
  | { readonly ok: true; readonly offset: number; readonly epoch: string; readonly duplicate?: true }
  /** With a code it is what a hook decided. */
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message: string; readonly code?: number }

/** What the realtime room needs to know of identity: it never sees a user record. */
export interface Authenticator {
  verifyConnectionToken(token: string): VerifiedConnection | Promise<VerifiedConnection>
  verifySubscriptionToken(token: string): Promise<VerifiedSubscription>
  redeemTicket(ticket: string): Identity | null | Promise<Identity | null>
  /** Who this is by the records of now; null when nobody any more. */
  current(identity: Identity): Promise<Identity | null>
  /** Whom a client without a token is taken for. Without it a token is required. */
  readonly anonymous?: ExternalIdentity | null
}
