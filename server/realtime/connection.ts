import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { ConnectRequest } from '#protocol/client-protocol.ts'
import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { TokenFault } from '#server/auth/auth.ts'
import type { Identity, SocketIdentity } from '#server/auth/identity.ts'
import type { LetIn } from './authenticate.ts'
import { Client } from './client.ts'
import { Conversation } from './conversation.ts'
import { decodeConnect, decodeLine, frameLines } from './decode-frame.ts'
import { applicationErrorText, connectPushText, errorText, pingText, replyText } from './encode.ts'
import type { Visit } from './gate.ts'
import { tellConnected } from './hook-events.ts'
import { askToConnect, connectResultText, joinAtConnect, recognize } from './letting-in.ts'
import { Outbox } from './outbox.ts'
import { leavePhase, type Phase } from './phase.ts'
import type { Pinged } from './ping.ts'
import type { Joined } from './server-subscriptions.ts'
import type { Services } from './services.ts'
import { textFrame } from './text-frame.ts'
import { isUnidirectional, type Transport, type TransportListener, type TransportName } from './transport.ts'

/** One client's connection, from its first byte to its end, over whatever transport. */
export class Connection implements TransportListener, Pinged {
  readonly id = randomUUID()
  readonly #transport: Transport
  readonly #services: Services
  readonly #outbox: Outbox
  /** Whom the request that opened it already told. */
  readonly #known: Identity | null
  readonly #revocationMark: number
  readonly #address: string
  readonly #visit: Visit
  readonly #onGone: (connection: Connection) => void
  #phase: Phase
  #isPaused = false

  constructor(options: ConnectionOptions) {
    const { transport, services, known, address, visit, onGone } = options
    this.#transport = transport
    this.#services = services
    this.#known = known
    this.#address = address
    this.#visit = visit
    this.#onGone = onGone
    this.#revocationMark = options.revocationMark
    const { turn, limits } = services
    this.#outbox = new Outbox(transport, turn, limits, (reason) => this.close(reason))
    const stale = setTimeout(closeStale, limits.connectMs, this).unref()
    this.#phase = { name: 'waiting', stale }
    transport.listen(this)
  }

  get transport(): TransportName {
    return this.#transport.name
  }

  /** Who is behind it: `waiting` until that is known. */
  get kind(): SocketIdentity['kind'] | 'waiting' {
    const phase = this.#phase
    return 'client' in phase ? phase.client.identity.kind : (this.#known?.kind ?? 'waiting')
  }

  get waitingBytes(): number {
    return this.#outbox.waitingBytes
  }

  /**
   * Ends the connection, with everything queued before it delivered, unless the reader is too slow for that. `why` is
   * for the log alone.
   */
  close(reason: CloseReason, why?: TokenFault): void {
    if (this.#phase.name === 'closing' || this.#phase.name === 'closed') return
    const log = this.#log()
    const isSlow = reason.code === closeReasons.slow.code || reason.code === closeReasons.writeError.code
    const { slowGraceMs, closeGraceMs } = this.#services.limits
    const grace = setTimeout(() => this.#transport.terminate(), isSlow ? slowGraceMs : closeGraceMs)
    if ('client' in this.#phase) this.#phase.client.ending = { by: 'server', ...reason }
    this.#become({ name: 'closing', grace })
    if (!isSlow) this.#outbox.flushNow()
    this.#outbox.discard()
    this.#transport.close(reason)
    this.#services.metrics.closed('server', reason.code)
    log.info({ code: reason.code, reason: reason.reason, ...(why && { why }) }, 'connection closed by the server')
  }

  /** Cuts it without a word. */
  terminate(): void {
    this.#transport.terminate()
  }

  received(text: string | null): void {
    if (text === null) {
      this.close(closeReasons.inappropriateProtocol)
      return
    }
    this.#readNoFurther()
    for (const line of isUnidirectional(this.#transport) ? [text] : frameLines(text)) this.#take(line)
  }

  overrun(): void {
    this.close(closeReasons.tooManyRequests)
  }

  /** It has been told why; what it sends and whether it goes is nobody's business any more. */
  ping(): void {
    this.#outbox.push(pingFrame)
  }

  /** Who only listens never answers. */
  overdue(): void {
    if (!isUnidirectional(this.#transport)) this.close(closeReasons.noPong)
  }

  failed(error: Error): void {
    this.#log().debug({ err: error }, 'socket error')
    if (this.#phase.name === 'closing' || this.#phase.name === 'closed') return
    const grace = setTimeout(() => this.#transport.terminate(), this.#services.limits.closeGraceMs)
    if ('client' in this.#phase) this.#phase.client.ending = { by: 'client', code: brokenOff, reason: 'gone' }
    this.#services.metrics.closed('client', brokenOff)
    this.#become({ name: 'closing', grace })
    this.#outbox.discard()
  }

  gone(code: number | null): void {
    if (this.#phase.name !== 'closing') {
      this.#services.metrics.closed('client', code)
      if (this.#services.log.isLevelEnabled('debug')) this.#log().debug({ code }, 'connection gone')
    }
    if ('client' in this.#phase) {
      this.#phase.client.ending = { by: 'client', code: code ?? noStatusReceived, reason: 'gone' }
    }
    this.#become({ name: 'closed' })
    this.#outbox.discard()
    this.#visit.leave()
    this.#onGone(this)
  }

  /** While it is decided one more frame may come, which is usually none: that bounds what waits behind the connect command. */
  #readNoFurther(): void {
    const { name } = this.#phase
    if (this.#isPaused || (name !== 'deciding' && name !== 'joining')) return
    this.#isPaused = true
    this.#transport.pause()
  }

  #take(line: string): void {
    const phase = this.#phase
    switch (phase.name) {
      case 'waiting':
        this.#takeConnect(line)
        break
      case 'deciding':
      case 'joining':
        phase.backlog.push(line)
        break
      case 'open':
        if (phase.conversation) phase.conversation.take(line)
        else this.close(closeReasons.badRequest)
        break
      case 'refused':
      case 'closing':
      case 'closed':
        break
      default:
        phase satisfies never
    }
  }

  #takeConnect(line: string): void {
    const decoded = isUnidirectional(this.#transport) ? decodeConnect(line) : decodeLine(line)
    if (decoded.kind === 'pong') return
    if (decoded.kind === 'refused' && decoded.name === 'connect') {
      this.#refuse(decoded.id, 'badRequest', decoded.message)
    } else if (decoded.kind === 'command' && decoded.command.name === 'connect') {
      this.#decide(decoded.command.id, decoded.command.request).catch((error: unknown) => {
        this.#log().error({ err: error }, 'letting in failed on our side')
        this.close(closeReasons.internalError)
      })
    } else {
      this.close(closeReasons.badRequest)
    }
  }

  async #decide(id: number, request: ConnectRequest): Promise<void> {
    const phase = this.#phase
    if (phase.name !== 'waiting') return
    const deciding: Phase = { name: 'deciding', stale: phase.stale, backlog: [] }
    this.#become(deciding)
    const recognizing = recognize(this.#services, this.#known, request, () => this.#log())
    const recognized = recognizing instanceof Promise ? await recognizing : recognizing
    if (this.#phase !== deciding) return
    const isAsked = this.#services.hooks.decides('beforeConnect')
    const asks = { client: this.id, transport: this.#transport.name }
    const decision = isAsked ? await askToConnect(this.#services, recognized, request, asks) : recognized
    if (this.#phase !== deciding) return
    if (decision.kind === 'identity') {
      await this.#letIn(id, request, decision, deciding)
    } else {
      if (this.#isPaused) this.#transport.resume()
      this.#services.metrics.refused('credentials')
      if (decision.kind === 'error') this.#refuse(id, decision.error, decision.message, decision.code)
      else this.close(decision.reason, decision.why)
    }
  }

  async #letIn(
    id: number,
    request: ConnectRequest,
    { identity, expiresAt, grants, greeting }: LetIn,
    { stale, backlog }: Extract<Phase, { name: 'deciding' }>,
  ): Promise<void> {
    const { registry, limits, metrics } = this.#services
    const revoked = registry.revokedSince(this.#revocationMark, identity)
    if (revoked) {
      this.close(revoked)
      return
    }
    // Everybody without a name is somebody else.
    const isSomebody = identity.kind !== 'local' && identity.userId !== ''
    if (isSomebody && registry.countOf(identity.userId) >= limits.maxPerUser) {
      metrics.refused('user')
      this.close(closeReasons.connectionLimit)
      return
    }
    this.#visit.letIn()
    const client = new Client({
      id: this.id,
      identity,
      expiresAt,
      services: this.#services,
      outbox: this.#outbox,
      connection: this,
      transport: this.#transport.name,
      address: this.#address,
    })
    const joining: Phase = { name: 'joining', stale, backlog, client }
    this.#become(joining)
    this.#services.singleConnection.cameIn(client)
    const joins = joinAtConnect(client, request, grants, () => this.#log())
    const outcome = joins instanceof Promise ? await joins : joins
    if (this.#phase !== joining) return
    if (this.#isPaused) this.#transport.resume()
    switch (outcome.kind) {
      case 'joined':
        this.#open(id, client, expiresAt, greeting === undefined ? outcome.joined : { ...outcome.joined, greeting })
        for (const line of backlog) this.#take(line)
        break
      case 'error':
        this.#refuse(id, outcome.error)
        break
      case 'close':
        this.close(outcome.reason)
        break
      default:
        outcome satisfies never
    }
  }

  #open(id: number, client: Client, expiresAt: number | null, joined: Joined): void {
    const onlyListens = isUnidirectional(this.#transport)
    const pings = this.#services.pingers.of(client.identity).add(this)
    const conversation = onlyListens ? null : new Conversation(client, this.#transport, pings)
    this.#become({ name: 'open', client, pings, conversation })
    const result = connectResultText(client, this.#transport, expiresAt, joined)
    this.#push(onlyListens ? connectPushText(result) : replyText(id, 'connect', result))
    if (this.#services.log.isLevelEnabled('debug')) this.#log().debug('connection open')
    tellConnected(client)
    joined.afterReply()
    client.connected()
  }

  /** Closes at once where there is no reply, and else after a while, should the client not. */
  #refuse(id: number, error: ReplyErrorName, message?: string, code?: number): void {
    this.#log().info({ error }, 'connection refused')
    const reason = refusalReasons[error] ?? closeReasons.badRequest
    if (isUnidirectional(this.#transport)) {
      this.close(reason)
      return
    }
    this.#push(code === undefined ? errorText(id, error, message) : applicationErrorText(id, code, message ?? ''))
    const grace = setTimeout(() => this.close(reason), this.#services.limits.closeGraceMs).unref()
    this.#become({ name: 'refused', grace })
  }

  #push(text: string): void {
    this.#outbox.push(textFrame(text))
  }

  /** The only writer of the phase. */
  #become(next: Phase): void {
    const previous = this.#phase
    this.#phase = next
    leavePhase(previous, next.name)
  }

  #log(): Logger {
    const { log } = this.#services
    if (this.#phase.name !== 'open') return log.child({ connection: this.id })
    return log.child({ connection: this.id, user: this.#phase.client.identity.userId })
  }
}

export interface ConnectionOptions {
  readonly transport: Transport
  readonly services: Services
  readonly known: Identity | null
  /** Where revocations stood when `known` was established. */
  readonly revocationMark: number
  /** Where the client is. */
  readonly address: string
  /** Its place among all connections. */
  readonly visit: Visit
  /** Called once, when the connection is no more. */
  readonly onGone: (connection: Connection) => void
}

/** What means as a close what the error means as a reply. */
const refusalReasons: Partial<Record<ReplyErrorName, CloseReason>> = {
  tokenExpired: closeReasons.expired,
  expired: closeReasons.expired,
  tooManyRequests: closeReasons.tooManyRequests,
  permissionDenied: closeReasons.permissionDenied,
  internal: closeReasons.internalError,
}

/** What WebSocket says of an end without a code. */
const noStatusReceived = 1005
/** And of one that came without a word. */
const brokenOff = 1006

const pingFrame = textFrame(pingText)

function closeStale(connection: Connection): void {
  connection.close(closeReasons.stale)
}
