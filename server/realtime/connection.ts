import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import type { Command, ConnectRequest, ConnectResult } from '#protocol/client-protocol.ts'
import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import { type ReplyErrorName, replyErrors } from '#protocol/error-codes.ts'
import type { Identity } from '#server/auth/identity.ts'
import { BrokerError } from '#server/broker/broker-error.ts'
import { type Authenticated, authenticate } from './authenticate.ts'
import { Budget } from './budget.ts'
import { Client } from './client.ts'
import { within } from './deadline.ts'
import { type Decoded, decodeLine, frameLines } from './decode-frame.ts'
import { applicationErrorText, errorText, pingText, replyText } from './encode.ts'
import { execute } from './execute.ts'
import { Outbox } from './outbox.ts'
import { failed, type Outcome } from './outcome.ts'
import type { PingSlot } from './ping.ts'
import { secondsUntil } from './refresh.ts'
import { type Joined, joinChannels, noChannels, serverChannels } from './server-subscriptions.ts'
import type { Services } from './services.ts'
import { textFrame } from './text-frame.ts'

/**
 * waiting: for the connect command. deciding: whether to let it in; the rest of what it sent waits. joining: let in, and
 * being subscribed to what the server decides before it is told. refused: the connect
 * command was answered with an error, and nothing else ever will be.
 */
type Phase =
  | { readonly name: 'waiting'; readonly stale: NodeJS.Timeout }
  | { readonly name: 'deciding'; readonly stale: NodeJS.Timeout; readonly backlog: string[] }
  | { readonly name: 'joining'; readonly stale: NodeJS.Timeout; readonly backlog: string[]; readonly client: Client }
  | { readonly name: 'open'; readonly client: Client; readonly pings: PingSlot; readonly budgets: Budgets }
  | { readonly name: 'refused'; readonly grace: NodeJS.Timeout }
  | { readonly name: 'closed' }
type OpenPhase = Extract<Phase, { name: 'open' }>

/** What the client may do, and what it may do wrong. */
interface Budgets {
  readonly commands: Budget
  readonly errors: Budget
}

/** One socket, from its upgrade to its end. */
export class Connection {
  readonly id = randomUUID()
  readonly #socket: WebSocket
  readonly #services: Services
  readonly #outbox: Outbox
  /** Whom the upgrade request already told. */
  readonly #known: Identity | null
  readonly #revocationMark: number
  readonly #onGone: () => void
  #phase: Phase
  #inFlight = 0

  constructor(options: ConnectionOptions) {
    const { socket, stream, services, known, onGone } = options
    this.#socket = socket
    this.#services = services
    this.#known = known
    this.#onGone = onGone
    this.#revocationMark = options.revocationMark
    this.#outbox = new Outbox(stream, services.turn, services.limits.outboxBytes, () => this.close(closeReasons.slow))
    const stale = setTimeout(() => this.close(closeReasons.stale), services.limits.connectMs).unref()
    this.#phase = { name: 'waiting', stale }
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code) => this.#socketOnClose(code))
    socket.on('error', (error) => this.#log().debug({ err: error }, 'socket error'))
  }

  /** Ends the connection, with everything queued before it delivered, unless the reader is too slow for that. */
  close(reason: CloseReason): void {
    if (this.#phase.name === 'closed') return
    const log = this.#log()
    this.#become({ name: 'closed' })
    const isSlow = reason.code === closeReasons.slow.code
    if (!isSlow) this.#outbox.flush()
    this.#outbox.discard()
    this.#socket.resume()
    this.#socket.close(reason.code, reason.reason)
    const { slowGraceMs, closeGraceMs } = this.#services.limits
    const grace = setTimeout(() => this.#socket.terminate(), isSlow ? slowGraceMs : closeGraceMs)
    this.#socket.once('close', () => clearTimeout(grace))
    log.info({ code: reason.code, reason: reason.reason }, 'connection closed by the server')
  }

  /** Cuts the socket without a word. */
  terminate(): void {
    this.#socket.terminate()
  }

  #receive(data: WebSocket.RawData, isBinary: boolean): void {
    if (isBinary) {
      this.close(closeReasons.inappropriateProtocol)
      return
    }
    for (const line of frameLines(data.toString())) this.#take(line)
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
        this.#takeCommand(line, phase)
        break
      case 'refused':
      case 'closed':
        break
      default:
        phase satisfies never
    }
  }

  #takeConnect(line: string): void {
    const decoded = decodeLine(line)
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

  /** The socket is not read meanwhile, which bounds what can wait behind the connect command. */
  async #decide(id: number, request: ConnectRequest): Promise<void> {
    const { authenticator, limits } = this.#services
    const phase = this.#phase
    if (phase.name !== 'waiting') return
    const deciding: Phase = { name: 'deciding', stale: phase.stale, backlog: [] }
    this.#become(deciding)
    this.#socket.pause()
    let decision: Authenticated
    try {
      decision = await within(limits.answerMs, 'authentication', () =>
        authenticate(authenticator, this.#known, request.token),
      )
    } catch (error) {
      this.#log().error({ err: error }, 'authentication failed on our side')
      decision = { kind: 'error', error: 'internal' }
    }
    if (this.#phase !== deciding) return
    if (decision.kind === 'identity') {
      await this.#letIn(id, request, decision, deciding)
    } else {
      this.#socket.resume()
      if (decision.kind === 'error') this.#refuse(id, decision.error)
      else this.close(decision.reason)
    }
  }

  async #letIn(
    id: number,
    request: ConnectRequest,
    { identity, expiresAt }: Extract<Authenticated, { kind: 'identity' }>,
    { stale, backlog }: Extract<Phase, { name: 'deciding' }>,
  ): Promise<void> {
    const { registry, limits } = this.#services
    if (registry.wasRevokedSince(this.#revocationMark, identity)) {
      this.close(closeReasons.forceDisconnect)
      return
    }
    const client = new Client({
      id: this.id,
      identity,
      expiresAt,
      services: this.#services,
      outbox: this.#outbox,
      close: (reason) => this.close(reason),
      onExpired: () => this.close(closeReasons.expired),
      onRevoked: () => this.close(closeReasons.forceDisconnect),
    })
    const joining: Phase = { name: 'joining', stale, backlog, client }
    this.#become(joining)
    const channels = serverChannels(client, request)
    let joined: Joined = noChannels
    try {
      if (channels.length > 0) {
        joined = await within(limits.answerMs, 'subscribing at connect', () => joinChannels(client, channels))
      }
    } catch (error) {
      this.#log().error({ err: error }, 'subscribing at connect failed on our side')
      if (this.#phase !== joining) return
      this.#socket.resume()
      this.#refuse(id, 'internal')
      return
    }
    if (this.#phase !== joining) return
    this.#socket.resume()
    this.#open(id, client, expiresAt, joined)
    for (const line of backlog) this.#take(line)
  }

  #open(id: number, client: Client, expiresAt: number | null, { subs, afterReply }: Joined): void {
    const { pinger, limits, version, clock } = this.#services
    const pings = pinger.add({
      ping: () => this.#outbox.push(pingFrame),
      overdue: () => this.close(closeReasons.noPong),
    })
    const budgets: Budgets = {
      commands: new Budget(limits.commandBurst, limits.commandsPerSecond, clock()),
      errors: new Budget(limits.errorBurst, limits.errorsPerSecond, clock()),
    }
    this.#become({ name: 'open', client, pings, budgets })
    const result: ConnectResult = {
      client: this.id,
      version,
      ping: Math.round(limits.pingMs / 1000),
      pong: true,
      ...(expiresAt !== null && { expires: true, ttl: secondsUntil(expiresAt, clock) }),
    }
    const text = JSON.stringify(result)
    this.#push(replyText(id, 'connect', subs === null ? text : `${text.slice(0, -1)},"subs":${subs}}`))
    this.#log().info('connection open')
    afterReply()
    client.connected()
  }

  /** Closes after a while, should the client not: with a code that means for it what the error did. */
  #refuse(id: number, error: ReplyErrorName, message?: string): void {
    this.#push(errorText(id, error, message))
    this.#log().info({ error }, 'connection refused')
    const reason = refusalReasons[error] ?? closeReasons.badRequest
    const grace = setTimeout(() => this.close(reason), this.#services.limits.closeGraceMs).unref()
    this.#become({ name: 'refused', grace })
  }

  #takeCommand(line: string, { client, pings, budgets }: OpenPhase): void {
    const { clock, limits } = this.#services
    const left = budgets.commands.take(clock())
    if (left < -limits.commandDebt) {
      this.close(closeReasons.tooManyRequests)
      return
    }
    const decoded = decodeLine(line)
    if (left < 0 && this.#refuseForNow(decoded)) return
    switch (decoded.kind) {
      case 'pong':
        pings.pong()
        break
      case 'command':
        this.#run(client, decoded.command)
        break
      case 'refused':
        this.#answer(decoded, failed('badRequest', decoded.message))
        break
      case 'violation':
        this.#log().info({ violation: decoded.message }, 'protocol violation')
        this.close(closeReasons.badRequest)
        break
      default:
        decoded satisfies never
    }
  }

  /** Whether it can be refused: an unsubscribe cannot, because the SDK reconnects then. */
  #refuseForNow(decoded: Decoded): boolean {
    if (decoded.kind !== 'command' && decoded.kind !== 'refused') return false
    const { id, name } = decoded.kind === 'command' ? decoded.command : decoded
    if (name === 'unsubscribe' || name === 'connect') return false
    if (name !== 'send') this.#answer({ id, name }, failed('tooManyRequests'))
    return true
  }

  #run(client: Client, command: Command): void {
    this.#inFlight += 1
    if (this.#inFlight === this.#services.limits.maxInFlight) this.#socket.pause()
    const isOrdered = command.name === 'subscribe' || command.name === 'unsubscribe'
    if (isOrdered) client.inOrder(command.request.channel, () => this.#perform(client, command))
    else void this.#perform(client, command)
  }

  /** Never rejects. */
  async #perform(client: Client, command: Command): Promise<void> {
    let outcome: Outcome
    try {
      outcome = this.#isOpen() ? await execute(client, command) : { kind: 'silence' }
    } catch (error) {
      this.#log().error({ err: error, command: command.name }, 'command failed on our side')
      outcome = failed('internal', error instanceof BrokerError ? error.message : undefined)
    }
    this.#inFlight -= 1
    if (this.#inFlight === this.#services.limits.maxInFlight >> 1) this.#socket.resume()
    this.#answer(command, outcome)
  }

  #answer({ id, name }: { readonly id: number; readonly name: string }, outcome: Outcome): void {
    const phase = this.#phase
    if (phase.name !== 'open') return
    switch (outcome.kind) {
      case 'result':
        this.#push(replyText(id, name, outcome.result))
        outcome.afterReply?.()
        break
      case 'error':
        this.#push(errorText(id, outcome.error, outcome.message))
        this.#countError(outcome.error, phase)
        break
      case 'application_error':
        this.#push(applicationErrorText(id, outcome.code, outcome.message))
        break
      case 'close':
        this.close(outcome.reason)
        break
      case 'silence':
        break
      default:
        outcome satisfies never
    }
  }

  /** What is temporary is not the client's fault, and what an application refuses is its own affair. */
  #countError(error: ReplyErrorName, { budgets }: OpenPhase): void {
    if ('temporary' in replyErrors[error]) return
    if (budgets.errors.take(this.#services.clock()) < 0) this.close(closeReasons.tooManyErrors)
  }

  #isOpen(): boolean {
    return this.#phase.name === 'open'
  }

  #push(text: string): void {
    this.#outbox.push(textFrame(text))
  }

  #socketOnClose(code: number): void {
    if (this.#phase.name !== 'closed') {
      this.#log().info({ code }, 'connection gone')
      this.#become({ name: 'closed' })
      this.#outbox.discard()
    }
    this.#onGone()
  }

  /** The only writer of the phase: what existed in the one that is left ends with it. */
  #become(next: Phase): void {
    const previous = this.#phase
    this.#phase = next
    switch (previous.name) {
      case 'waiting':
        if (next.name !== 'deciding') clearTimeout(previous.stale)
        break
      case 'deciding':
        if (next.name !== 'joining') clearTimeout(previous.stale)
        break
      case 'joining':
        clearTimeout(previous.stale)
        if (next.name !== 'open') previous.client.release()
        break
      case 'open':
        previous.pings.stop()
        previous.client.release()
        break
      case 'refused':
        clearTimeout(previous.grace)
        break
      case 'closed':
        break
      default:
        previous satisfies never
    }
  }

  #log(): Logger {
    const { log } = this.#services
    if (this.#phase.name !== 'open') return log.child({ connection: this.id })
    return log.child({ connection: this.id, user: this.#phase.client.identity.userId })
  }
}

export interface ConnectionOptions {
  readonly socket: WebSocket
  /** The stream under it: frames are written there directly. */
  readonly stream: Duplex
  readonly services: Services
  readonly known: Identity | null
  /** Where revocations stood when `known` was established. */
  readonly revocationMark: number
  /** Called once, when the socket is no more. */
  readonly onGone: () => void
}

/** For a refused client that does not leave by itself: a code that means to it what the error did. */
const refusalReasons: Partial<Record<ReplyErrorName, CloseReason>> = {
  tokenExpired: closeReasons.expired,
  internal: closeReasons.internalError,
}

const pingFrame = textFrame(pingText)
