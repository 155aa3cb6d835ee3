import type {
  ClientInfo,
  HistoryPage,
  HistoryPolicy,
  HistoryQuery,
  NewPublication,
  Publication,
  Published,
} from '#server/broker/broker.ts'
import type { Config } from '#server/config/config.ts'
import type { Count } from '#server/store/ephemeral.ts'

/**
 * What the processes of one server ask each other. Both ends are of the same version of the same program, so what comes
 * is typed and not parsed; what travels inside as JSON text is parsed by whoever it is for.
 */
export type Verbs = { readonly [name: string]: (...args: never[]) => unknown }

/** Asked of the primary, which keeps what the workers share. */
export type PrimaryVerbs = {
  publish(channel: string, policy: HistoryPolicy, publication: NewPublication): Promise<Published>
  history(channel: string, policy: HistoryPolicy, query: HistoryQuery): Promise<HistoryPage>
  removeHistory(channel: string): Promise<void>
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
  announce(channel: string, kind: 'join' | 'leave', info: ClientInfo): Promise<void>
  addPresence(channel: string, info: ClientInfo): Promise<void>
  removePresence(channel: string, clientId: string): Promise<void>
  presence(channel: string): Promise<readonly ClientInfo[]>

  put(key: string, value: string, lifetimeMs: number): Promise<void>
  take(key: string): Promise<string | null>
  count(key: string, windowMs: number): Promise<Count>
  forget(key: string): Promise<void>

  /** From now on this worker is a node, which hears what is told and is asked. Answered when it may listen. */
  join(): Promise<void>
  tell(kind: string, json: string | undefined): void
  askAll(kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswers>
  ask(node: string, kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswer | null>
  nodes(): readonly string[]
}

/** Asked of a worker, which holds clients. */
export type WorkerVerbs = {
  /** Answered when it listens; refused with why it cannot. */
  start(order: StartOrder): Promise<void>
  /** It drains and ends. */
  stop(): void
  /** Answered as long as it lives. */
  ping(): void
  publication(channel: string, publication: Publication, epoch: string): void
  announcement(channel: string, kind: 'join' | 'leave', info: ClientInfo): void
  resumed(): void
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
