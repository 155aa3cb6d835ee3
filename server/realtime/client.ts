import { type CloseReason, closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { ClientInfo } from '#server/broker/broker.ts'
import { tellDisconnected } from './hook-events.ts'
import type { Outbox } from './outbox.ts'
import type { Registered } from './registry.ts'
import type { Services } from './services.ts'
import { endSubscription, type Subscription } from './subscription.ts'
import type { TransportName } from './transport.ts'

/** One client that has been let in: what its commands work on. It lives as long as its connection is open. */
export class Client {
  readonly id: string
  readonly services: Services
  readonly outbox: Outbox
  readonly transport: TransportName
  readonly address: string
  /** When it was let in. Milliseconds since 1970. */
  readonly since: number
  /** Why its connection ends, once that is known. */
  ending: CloseReason = closeReasons.internalError
  readonly subscriptions = new Map<string, Subscription>()
  /** Whether the client refreshes its token itself. */
  readonly expires: boolean
  readonly #connection: ClientOptions['connection']
  #registered: Registered
  #isReleased = false
  #untilConnected: (() => void)[] | null = []
  #expiry: NodeJS.Timeout | undefined
  /** The last work begun on a channel whose commands must not overtake each other. */
  #channelWork: Map<string, Promise<void>> | undefined

  constructor(options: ClientOptions) {
    this.id = options.id
    this.services = options.services
    this.outbox = options.outbox
    this.#connection = options.connection
    this.transport = options.transport
    this.address = options.address
    this.since = options.services.clock()
    this.expires = options.expiresAt !== null
    this.#registered = { identity: options.identity, client: this }
    this.services.registry.add(this.#registered)
    this.services.taps.appeared(this)
    if (options.expiresAt !== null) this.expireAt(options.expiresAt)
  }

  get identity(): Identity {
    return this.#registered.identity
  }

  /** Who this is to other clients. */
  get info(): ClientInfo {
    return clientInfo(this.id, this.identity)
  }

  /** Ends its connection. */
  close(reason: CloseReason): void {
    this.#connection.close(reason)
  }

  /** What let it in is no longer worth anything. */
  revoked(): void {
    this.close(closeReasons.forceDisconnect)
  }

  /** Goes on as the same user with what a new token says. */
  adopt(identity: Identity): void {
    const before = this.#registered
    this.#registered = { identity, client: this }
    this.services.registry.add(this.#registered)
    this.services.registry.remove(before)
  }

  /** Ends the connection unless it has been refreshed some time after then. Seconds since 1970. */
  expireAt(expiresAt: number): void {
    const { clock, limits } = this.services
    clearTimeout(this.#expiry)
    const delay = Math.max(0, expiresAt * 1000 - clock()) + limits.refreshGraceMs
    this.#expiry = setTimeout(expire, Math.min(delay, longestTimerMs), this).unref()
  }

  /** Runs `work` when what was begun before on this channel is done. */
  inOrder(channel: string, work: () => Promise<void>): void {
    this.#channelWork ??= new Map()
    const works = this.#channelWork
    const before = works.get(channel)
    const mine: Promise<void> = (before ? before.then(work) : work()).finally(() => {
      if (works.get(channel) === mine) works.delete(channel)
      // Most clients subscribe once and never again.
      if (works.size === 0 && works === this.#channelWork) this.#channelWork = undefined
    })
    works.set(channel, mine)
  }

  /** Runs `work` once the client has been told that it is connected, before which it may be told nothing else. */
  whenConnected(work: () => void): void {
    if (this.#untilConnected) this.#untilConnected.push(work)
    else work()
  }

  /** The client has been told. */
  connected(): void {
    const works = this.#untilConnected ?? []
    this.#untilConnected = null
    for (const work of works) work()
  }

  /** Whether its connection has gone. */
  get isReleased(): boolean {
    return this.#isReleased
  }

  /** Leaves everything it was in. */
  release(): void {
    this.#isReleased = true
    clearTimeout(this.#expiry)
    for (const subscription of [...this.subscriptions.values()]) {
      endSubscription(this, subscription, unsubscribeReasons.disconnect)
    }
    this.services.registry.remove(this.#registered)
    if (this.#untilConnected === null) tellDisconnected(this, this.ending)
  }
}

export interface ClientOptions {
  readonly id: string
  readonly identity: Identity
  /** Seconds since 1970; null when only the end of its session ends it. */
  readonly expiresAt: number | null
  readonly services: Services
  readonly outbox: Outbox
  readonly connection: { close(reason: CloseReason): void }
  readonly transport: TransportName
  readonly address: string
}

/** Beyond it Node's timers fire at once. */
const longestTimerMs = 2 ** 31 - 1

function expire(client: Client): void {
  client.close(closeReasons.expired)
}

function clientInfo(id: string, { userId, name, role }: Identity): ClientInfo {
  return { user: userId, client: id, connInfo: JSON.stringify({ name, role }) }
}
