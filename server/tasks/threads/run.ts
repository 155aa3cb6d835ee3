import type { ThreadHost } from './host.ts'
import type { AbortReason, ThreadOutcome } from './messages.ts'
import type { LimitedOrder } from './thread-pool.ts'

/** One order on its way through the pool. */
export interface Run {
  readonly order: LimitedOrder
  readonly host: ThreadHost
  /** Called once. */
  onEnd(end: RunEnd): void
}

export type RunEnd =
  | ThreadOutcome
  /** It was not begun. */
  | { readonly kind: 'withdrawn'; readonly reason: AbortReason }
  /** The thread has ended under it: by itself, or killed. */
  | { readonly kind: 'thread_ended'; readonly error: Error; readonly killedFor: KillReason | null }

export type KillReason = AbortReason | 'hard_limit'
