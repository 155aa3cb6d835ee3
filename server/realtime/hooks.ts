import type { Logger } from 'pino'
import { z } from 'zod'
import type { Client } from './client.ts'
import { abortedAfter, within } from './deadline.ts'
import { createHookQueue, type HookQueueOptions } from './hook-queue.ts'
import type { Person } from './online.ts'
import type { TransportName } from './transport.ts'

/**
 * What happens to clients, told to whoever wants to know. `on` events are told after the fact, in order for each client,
 * and nobody waits for them. The three that begin with `before` decide: the client waits for their answer.
 */
export interface HookSet {
  connect?(event: ClientEvent): unknown
  disconnect?(event: ClientEvent & Ending): unknown
  subscribe?(event: ClientEvent & InChannel): unknown
  unsubscribe?(event: ClientEvent & InChannel & Ending): unknown
  /** A user's first connection to any node has come. */
  online?(event: OnlineEvent): unknown
  /** The last has gone and none has come back for a while. */
  offline?(event: OnlineEvent): unknown
  beforeConnect?(question: ConnectQuestion): Deciding
  beforeSubscribe?(question: SubscribeQuestion): Deciding
  beforePublish?(question: PublishQuestion): Deciding
}

export interface ClientEvent {
  readonly identity: Client['identity']
  /** The connection's id, new at every connection. */
  readonly client: string
  readonly transport: TransportName
  /** Milliseconds since 1970, of when it happened. */
  readonly time: number
}
export interface InChannel {
  readonly channel: string
}
/** As clients are told it: close codes from 3000, and 1000 to 1015 where the client left; unsubscribe codes below 3000. */
export interface Ending {
  readonly code: number
  readonly reason: string
}
export interface OnlineEvent extends Person {
  readonly time: number
}

interface Question {
  readonly identity: Client['identity']
  /** Aborted when the answer is no longer waited for. */
  readonly signal: AbortSignal
}
/** `data` is what the client sent along, for the application. */
export interface ConnectQuestion extends Question {
  readonly client: string
  readonly transport: TransportName
  readonly data: unknown
}
export interface SubscribeQuestion extends Question {
  readonly client: string
  readonly channel: string
  readonly data: unknown
}
/** `data` is what is to be published. */
export interface PublishQuestion extends Question {
  /** Null when it is not a client that publishes. */
  readonly client: string | null
  readonly channel: string
  readonly data: unknown
}

/**
 * Nothing, or `allow: true`, lets it happen. `data` is told to the client in the answer to connect and subscribe, and
 * takes the place of what is published. A refusal without a code is 103; codes of one's own are from 400 to 1999.
 */
export type Decision =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that says nothing lets it happen.
  | void
  | { readonly allow: true; readonly data?: unknown }
  | { readonly allow: false; readonly code?: number; readonly message?: string }
export type Deciding = Decision | Promise<Decision>

/** What a decision comes to. `data` is JSON text. */
export type Verdict =
  | { readonly kind: 'allow'; readonly data?: string }
  | { readonly kind: 'refuse'; readonly code: number; readonly message: string }
  /** It failed or took too long: whoever asked may try again. */
  | { readonly kind: 'failed' }

/** Where nobody decides. */
export const allowed: Extract<Verdict, { kind: 'allow' }> = { kind: 'allow' }

export type EventName = 'connect' | 'disconnect' | 'subscribe' | 'unsubscribe' | 'online' | 'offline'
export type QuestionName = 'beforeConnect' | 'beforeSubscribe' | 'beforePublish'
export const hookNames = [
  ...(['connect', 'disconnect', 'subscribe', 'unsubscribe', 'online', 'offline'] satisfies EventName[]),
  ...(['beforeConnect', 'beforeSubscribe', 'beforePublish'] satisfies QuestionName[]),
]

export interface Hooks extends AsyncDisposable {
  /** Returns the removal of these hooks. */
  on(hooks: HookSet, about?: HooksAbout): () => void
  /** Tells of something that has happened. Events with the same key are told in order. */
  tell<Name extends EventName>(name: Name, key: string, event: EventOf<Name>): void
  /** Whether anybody decides about this, so that nothing waits where nobody does. */
  decides(name: QuestionName): boolean
  /** Asks in the order of registration. The first refusal holds, and so does the last data. Never rejects. */
  ask<Name extends QuestionName>(name: Name, question: Omit<QuestionOf<Name>, 'signal'>): Promise<Verdict>
}

export interface HooksAbout {
  /** What the log calls them, such as the path of a module. */
  readonly from?: string
  /** They are told only of events that are for them; by default all. */
  readonly isFor?: (event: EventOf<EventName>) => boolean
}

type EventOf<Name extends EventName> = Parameters<NonNullable<HookSet[Name]>>[0]
type QuestionOf<Name extends QuestionName> = Parameters<NonNullable<HookSet[Name]>>[0]

export interface HooksOptions extends HookQueueOptions {
  /** A hook that tells may take so long before the next event is told, in milliseconds. Default 10,000. */
  readonly eventMs?: number
  /** A hook that decides has so long. */
  readonly hookMs: number
}

const decision = z.union([
  z.undefined(),
  z.strictObject({ allow: z.literal(true), data: z.unknown().optional() }),
  z.strictObject({
    allow: z.literal(false),
    code: z.int().min(400).max(1999).optional(),
    message: z.string().min(1).max(500).optional(),
  }),
])

export function createHooks({ eventMs = 10_000, hookMs, ...options }: HooksOptions): Hooks {
  const { log } = options
  const queue = createHookQueue(options)
  const sets = new Map<HookSet, HooksAbout>()

  return {
    on(hooks, about = {}) {
      sets.set(hooks, about)
      return () => void sets.delete(hooks)
    },
    tell(name, key, event) {
      for (const [set, { from, isFor }] of sets) {
        if (set[name] && (isFor?.(event) ?? true)) queue.push(key, () => run(log, name, from, eventMs, set, event))
      }
    },
    decides(name) {
      for (const set of sets.keys()) if (set[name] !== undefined) return true
      return false
    },
    async ask(name, question) {
      let verdict: Verdict = { kind: 'allow' }
      for (const [set, { from }] of [...sets]) {
        const answer = await askOne(name, set, from, question)
        if (answer.kind !== 'allow') return answer
        if (answer.data !== undefined) verdict = answer
      }
      return verdict
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }

  async function askOne(
    name: QuestionName,
    set: HookSet,
    from: string | undefined,
    question: object,
  ): Promise<Verdict> {
    const hook = set[name] as ((question: object) => Deciding) | undefined
    if (!hook) return { kind: 'allow' }
    try {
      const given = await abortedAfter(hookMs, `hook ${name}`, async (signal) =>
        hook.call(set, { ...question, signal }),
      )
      const parsed = decision.safeParse(given)
      if (!parsed.success) {
        const sentence = `${name} answered ${shapeOf(given)}; answer nothing, { allow: true }, { allow: true, data } or { allow: false, code, message } with a code from 400 to 1999`
        log.error({ hook: name, module: from }, sentence)
        return { kind: 'failed' }
      }
      const decided = parsed.data
      if (decided === undefined) return { kind: 'allow' }
      if (!decided.allow) {
        return { kind: 'refuse', code: decided.code ?? 103, message: decided.message ?? 'permission denied' }
      }
      const data = JSON.stringify(decided.data)
      return data === undefined ? { kind: 'allow' } : { kind: 'allow', data }
    } catch (error) {
      log.error({ err: error, hook: name, module: from }, 'a hook that decides failed')
      return { kind: 'failed' }
    }
  }
}

/** Names and no values, which are nobody's business in a log. */
function shapeOf(given: unknown): string {
  if (given === null || typeof given === 'boolean') return String(given)
  if (typeof given !== 'object') return `a ${typeof given}`
  if (Array.isArray(given)) return 'a list'
  const fields = Object.entries(given).map(([name, value]) => (name === 'allow' ? `allow: ${shapeOf(value)}` : name))
  return fields.length === 0 ? '{}' : `{ ${fields.slice(0, 10).join(', ')} }`
}

async function run(
  log: Logger,
  name: EventName,
  from: string | undefined,
  ms: number,
  set: HookSet,
  event: object,
): Promise<void> {
  try {
    const hook = set[name] as ((event: object) => unknown) | undefined
    const done = hook?.call(set, event)
    // What is done already needs no clock.
    if (typeof done === 'object' && done !== null) await within(ms, `hook ${name}`, async () => done)
  } catch (error) {
    log.error({ err: error, hook: name, module: from }, 'a hook failed')
  }
}
