import { type CloseReason, closeReasons, unsubscribeReasons } from '#protocol/close-reasons.ts'
import type { TokenFault } from '#server/auth/auth.ts'
import type { SocketIdentity } from '#server/auth/identity.ts'
import type { ClientInfo } from '#server/broker/broker.ts'
import { atInstant } from './at-instant.ts'
import { Budget } from './budget.ts'
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
  ending: Ending = { by: 'server', ...closeReasons.internalError }
  readonly subscriptions = new Map<string, Subscription>()
  /** Whether the client refreshes its token itself. */
  readonly expires: boolean
  readonly #connection: ClientOptions['connection']
  #registered: Registered
  #isReleased = false
  #untilConnected: (() => void)[] | null = []
  #cancelExpiry = nothingToCancel
  #cancelEnd = nothingToCancel
  #losses: Budget | undefined
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
    this.expireAt(options.expiresAt)
    if (options.identity.kind === 'key') this.#endWith(options.identity)
  }

  get identity(): SocketIdentity {
    return this.#registered.identity
  }

  /** Who this is to other clients. */
  get info(): ClientInfo {
    return clientInfo(this.id, this.identity)
  }

  /** Ends its connection. */
  close(reason: CloseReason, why?: TokenFault): void {
    this.#connection.close(reason, why)
  }

  /** Who this is to the others in that channel. */
  infoIn(subscription: Subscription | undefined): ClientInfo {
    const chanInfo = subscription?.info ?? null
    return chanInfo === null ? this.info : { ...this.info, chanInfo }
  }

  /** Whether it is subscribed, and has been told so. */
  isIn(channel: string): boolean {
    return this.subscriptions.get(channel)?.live === true
  }

  /** Whether it may be told once more to subscribe again at once: a client does that without any delay. */
  mayLosePlace(): boolean {
    const { clock, limits } = this.services
    this.#losses ??= new Budget(limits.lossBurst, limits.lossesPerSecond, clock())
    return this.#losses.take(clock()) >= 0
  }

  /** Goes on as the same user with what a new token says. */
  adopt(identity: SocketIdentity): void {
    const before = this.#registered
    this.#registered = { identity, client: this }
    this.services.registry.add(this.#registered)
    this.services.registry.remove(before)
  }

  /** Ends the connection unless it has been refreshed some time after then. Seconds since 1970; null for never. */
  expireAt(expiresAt: number | null): void {
    const { clock, limits } = this.services
    this.#cancelExpiry()
    this.#cancelExpiry = nothingToCancel
    if (expiresAt === null) return
    const instant = expiresAt * 1000 + limits.refreshGraceMs
    this.#cancelExpiry = atInstant(instant, clock, () => this.close(closeReasons.expired))
  }

  /** No refresh prolongs a key. */
  #endWith({ expiresAt }: Extract<SocketIdentity, { kind: 'key' }>): void {
    if (expiresAt === undefined) return
    const instant = Date.parse(expiresAt)
    this.#cancelEnd = atInstant(instant, this.services.clock, () => this.close(closeReasons.revoked))
  }

  /** Runs `work`, which must not reject, when what was begun before on this channel is done. */
  inOrder(channel: string, work: () => void | Promise<void>): void {
    const before = this.#channelWork?.get(channel)
    const mine = before ? before.then(work) : work()
    if (!mine) return
    this.#channelWork ??= new Map()
    const works = this.#channelWork
    works.set(channel, mine)
    void mine.then(() => {
      if (works.get(channel) === mine) works.delete(channel)
      // Most clients subscribe once and never again.
      if (works.size === 0 && works === this.#channelWork) this.#channelWork = undefined
    })
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
    this.#cancelExpiry()
    this.#cancelEnd()
    for (const subscription of [...this.subscriptions.values()]) {
      endSubscription(this, subscription, unsubscribeReasons.disconnect)
    }
    this.services.registry.remove(this.#registered)
    this.services.taps.ended(this)
    if (this.#untilConnected === null) tellDisconnected(this, this.ending)
  }
}

/** Who ended a connection, and with what. */
export interface Ending extends CloseReason {
  readonly by: 'server' | 'client'
}

export interface ClientOptions {
  readonly id: string
  readonly identity: SocketIdentity
  /** Seconds since 1970; null when only the end of its session ends it. */
  readonly expiresAt: number | null
  readonly services: Services
  readonly outbox: Outbox
  readonly connection: { close(reason: CloseReason, why?: TokenFault): void }
  readonly transport: TransportName
  readonly address: string
}

const nothingToCancel = () => {}

function clientInfo(id: string, identity: SocketIdentity): ClientInfo {
  const { userId, name } = identity
  if (identity.kind !== 'external') {
    return { user: userId, client: id, connInfo: JSON.stringify({ name, role: identity.role }) }
  }
  return { user: userId, client: id, ...(identity.info !== null && { connInfo: identity.info }) }
}
