import type { Embed } from './signature.ts'

/** A task as it travels through RabbitMQ. Arguments are as they came: marked values keep their marks. */
export interface TaskMessage {
  readonly id: string
  readonly name: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly embed: Embed
  /** The first of the workflow: its own id when it is alone. */
  readonly rootId: string
  /** What sent it. */
  readonly parentId: string | null
  readonly group: string | null
  readonly groupIndex: number | null
  /** Milliseconds since 1970: not before, and not after. */
  readonly eta: number | null
  readonly expires: number | null
  readonly retries: number
  /** In seconds. */
  readonly timeLimit: { readonly hard: number | null; readonly soft: number | null }
  /** What monitors show. */
  readonly argsRepr: string | null
  readonly kwargsRepr: string | null
  readonly origin: string | null
  readonly ignoreResult: boolean
  /** Shown instead of its name. */
  readonly shadow: string | null
  /** The queue that hears of its states, of whoever has no Redis. */
  readonly replyTo: string | null
  readonly priority: number | null
  /** Headers of whoever sent it, and of later versions of Celery: passed on when it is sent again. */
  readonly carried: Readonly<Record<string, unknown>>
}
