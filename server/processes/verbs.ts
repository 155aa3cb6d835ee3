import type { Broker, BrokerListener } from '#server/broker/broker.ts'
import type { Config } from '#server/config/config.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'

/**
 * What the processes of one server ask each other. Both ends are of the same version of the same program, so what comes
 * is typed and not parsed; what travels inside as JSON text is parsed by whoever it is for.
 */
export type Verbs = { readonly [name: string]: (...args: never[]) => unknown }

/** Asked of the primary, which keeps what the workers share. */
export type PrimaryVerbs = Omit<Broker, 'listen' | typeof Symbol.asyncDispose> &
  Omit<Ephemeral, typeof Symbol.asyncDispose | 'isShared'> & {
    /** From now on this worker is a node, which hears what is told and is asked. Answered when it may listen. */
    join(): Promise<void>
    tell(kind: string, json: string | undefined): void
    askAll(kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswers>
    ask(node: string, kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswer | null>
    nodes(): readonly string[]
  }

/** Asked of a worker, which holds clients. */
export type WorkerVerbs = Pick<BrokerListener, keyof BrokerListener> & {
  /** Answered when it listens; refused with why it cannot. */
  start(order: StartOrder): Promise<void>
  /** It drains and ends. */
  stop(): void
  /** Answered as long as it lives. */
  ping(): void
  hear(kind: string, json: string | undefined): void
  answer(kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswer | null>
}

export interface StartOrder {
  readonly config: Config
  /** From 1 to the number of workers; a worker that replaces another has its number. */
  readonly worker: number
  /** The id of this node. */
  readonly node: string
  readonly baseUrl: string
  readonly port: number
}

/** JSON text; undefined where there is no answer. */
export interface WireAnswer {
  readonly json: string | undefined
}

export interface WireAnswers {
  readonly answers: readonly (readonly [node: string, answer: WireAnswer])[]
  readonly silent: readonly string[]
}
