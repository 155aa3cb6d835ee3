import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { Revoked, VerifiedConnection, VerifiedSubscription } from '#server/auth/auth.ts'
import type { ExternalIdentity, Identity, SocketIdentity } from '#server/auth/identity.ts'

/** The realtime server: sockets, subscriptions, fan-out. Built by `create-realtime.ts`. */
export interface Realtime extends AsyncDisposable {
  /**
   * Takes over an upgrade request. `identity` is who the HTTP edge already found behind it (a bearer header, a ticket
   * in the URL, the local socket); null when the connect frame has to say.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, identity: Identity | null): void
  /**
   * Publishes for somebody who is not on a socket, with the same permissions and limits. `internal` is always worth
   * trying again: nothing was written and nobody was told.
   */
  publish(by: Identity, request: PublishCall): Promise<PublishOutcome>
  /**
   * Subscribes all clients of a user on this node to a channel without their asking, and whatever their permissions.
   * Clients that connect later are not subscribed.
   */
  subscribe(userId: string, channel: string): SubscribeOutcome
  /** Ends the subscriptions of all clients of a user on this node to a channel, whoever began them. */
  unsubscribe(userId: string, channel: string): void
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
  /** Channels with subscribers on this node, busiest first. */
  activeChannels(): readonly { readonly channel: string; readonly clients: number }[]
  /** Whether this user has a live socket on this node. */
  isOnline(userId: string): boolean
  /**
   * Told when a user's first socket on this node has been let in and when the last has gone. Returns the removal of the
   * listener.
   */
  onPresence(listener: (change: { readonly identity: SocketIdentity; readonly online: boolean }) => void): () => void
}

export type SubscribeOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ReplyErrorName }

export interface PublishCall {
  readonly channel: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
  /** Reaches who is there now and is not kept, whatever the channel's policy. */
  readonly skipHistory?: boolean
}

export type PublishOutcome =
  | { readonly ok: true; readonly offset: number; readonly epoch: string }
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message: string }

/** What the realtime room needs to know of identity: it never sees a user record. */
export interface Authenticator {
  verifyConnectionToken(token: string): Promise<VerifiedConnection>
  verifySubscriptionToken(token: string): Promise<VerifiedSubscription>
  redeemTicket(ticket: string): Promise<Identity | null>
  /** Whom a client without a token is taken for. Without it a token is required. */
  readonly anonymous?: ExternalIdentity | null
}
