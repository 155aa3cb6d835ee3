import type { Logger } from 'pino'
import type { Command } from '#protocol/client-protocol.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import { type ReplyErrorName, replyErrors } from '#protocol/error-codes.ts'
import { BrokerError } from '#server/broker/broker-error.ts'
import { Budget } from './budget.ts'
import type { Client } from './client.ts'
import { type Decoded, decodeLine } from './decode-frame.ts'
import { applicationErrorText, errorText, replyText } from './encode.ts'
import { execute } from './execute.ts'
import { failed, type Outcome, silence } from './outcome.ts'
import type { PingSlot } from './ping.ts'
import { textFrame } from './text-frame.ts'
import type { Transport } from './transport.ts'

/**
 * Commands and answers of one client that has been let in: how many it may send and how many of them wrong, how many are
 * worked on at a time, and that their answers come in the order the protocol asks for.
 */
export class Conversation {
  readonly #client: Client
  readonly #transport: Transport
  readonly #pings: PingSlot
  readonly #commands: Budget
  /** Made with the first one. */
  #errors: Budget | undefined
  #inFlight = 0
  /** What came while too much is being worked on. Bounded by what the transport takes at once; it is not read meanwhile. */
  #held: string[] | null = null

  constructor(client: Client, transport: Transport, pings: PingSlot) {
    const { limits, clock } = client.services
    this.#client = client
    this.#transport = transport
    this.#pings = pings
    this.#commands = new Budget(limits.commandBurst, limits.commandsPerSecond, clock())
  }

  /** One line of what the client sent. */
  take(line: string): void {
    this.#client.outbox.tap?.('in', line)
    this.#takeInTurn(line)
  }

  #takeInTurn(line: string): void {
    if (this.#held) this.#held.push(line)
    else this.#consider(line)
  }

  #consider(line: string): void {
    const { clock, limits } = this.#client.services
    const left = this.#commands.take(clock())
    if (left < -limits.commandDebt) {
      this.#client.close(closeReasons.tooManyRequests)
      return
    }
    const decoded = decodeLine(line)
    if (left < 0 && this.#refuseForNow(decoded)) return
    switch (decoded.kind) {
      case 'pong':
        this.#pings.pong()
        break
      case 'command':
        this.#run(decoded.command)
        break
      case 'refused':
        this.#answer(decoded, failed('badRequest', decoded.message))
        break
      case 'violation':
        this.#log().info({ violation: decoded.message }, 'protocol violation')
        this.#client.close(closeReasons.badRequest)
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

  #run(command: Command): void {
    this.#inFlight += 1
    const { limits, metrics } = this.#client.services
    metrics.command(command.name)
    if (this.#inFlight === limits.maxInFlight) {
      this.#held = []
      this.#transport.pause()
    }
    if (isOrdered(command)) this.#client.inOrder(command.request.channel, () => this.#perform(command))
    else void this.#perform(command)
  }

  /** Never rejects. What is done at once is answered at once. */
  #perform(command: Command): void | Promise<void> {
    const outcome = this.#outcomeOf(command)
    return outcome instanceof Promise
      ? outcome.then((settled) => this.#done(command, settled))
      : this.#done(command, outcome)
  }

  #outcomeOf(command: Command): Outcome | Promise<Outcome> {
    if (this.#client.isReleased) return silence
    const failedOnOurSide = (error: unknown) => {
      this.#log().error({ err: error, command: command.name }, 'command failed on our side')
      return failed('internal', error instanceof BrokerError ? error.message : undefined)
    }
    try {
      const outcome = execute(this.#client, command)
      return outcome instanceof Promise ? outcome.catch(failedOnOurSide) : outcome
    } catch (error) {
      return failedOnOurSide(error)
    }
  }

  #done(command: Command, outcome: Outcome): void {
    this.#inFlight -= 1
    this.#answer(command, outcome)
    if (this.#held && this.#inFlight <= this.#client.services.limits.maxInFlight >> 1) this.#goOn(this.#held)
  }

  #goOn(held: readonly string[]): void {
    this.#held = null
    for (const line of held) {
      if (this.#client.isReleased) return
      this.#takeInTurn(line)
    }
    if (this.#held === null) this.#transport.resume()
  }

  #answer({ id, name }: { readonly id: number; readonly name: string }, outcome: Outcome): void {
    if (this.#client.isReleased) return
    switch (outcome.kind) {
      case 'result':
        this.#push(replyText(id, name, outcome.result))
        outcome.afterReply?.()
        break
      case 'error':
        this.#push(errorText(id, outcome.error, outcome.message))
        this.#client.services.metrics.replyError(replyErrors[outcome.error].code)
        this.#countError(outcome.error)
        break
      case 'application_error':
        this.#push(applicationErrorText(id, outcome.code, outcome.message))
        this.#client.services.metrics.replyError(outcome.code)
        break
      case 'close':
        this.#client.close(outcome.reason, outcome.why)
        break
      case 'silence':
        break
      default:
        outcome satisfies never
    }
  }

  /** What is temporary is not the client's fault, and what an application refuses is its own affair. */
  #countError(error: ReplyErrorName): void {
    if ('temporary' in replyErrors[error]) return
    const { limits, clock } = this.#client.services
    this.#errors ??= new Budget(limits.errorBurst, limits.errorsPerSecond, clock())
    if (this.#errors.take(clock()) < 0) this.#client.close(closeReasons.tooManyErrors)
  }

  #push(text: string): void {
    this.#client.outbox.push(textFrame(text))
  }

  #log(): Logger {
    const { services, id, identity } = this.#client
    return services.log.child({ connection: id, user: identity.userId })
  }
}

/** Of one channel none of these may overtake another. */
function isOrdered(command: Command): command is Extract<Command, { name: OrderedName }> {
  return (orderedNames as readonly string[]).includes(command.name)
}

const orderedNames = ['subscribe', 'unsubscribe', 'sub_refresh'] as const
type OrderedName = (typeof orderedNames)[number]
