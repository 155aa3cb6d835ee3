import type { MessagePort } from 'node:worker_threads'
import type { TaskError } from '#protocol/tasks.ts'

/** Orders that a thread is handed at most before it has ended the first of them: it shall not wait for the next. */
export const ordersAhead = 16

/** What a thread is handed with a task. */
export interface ThreadOrder {
  /** From 1. None that a thread has at the same time is the same. */
  readonly number: number
  /** Where in the claims it is said who has it. */
  readonly slot: number
  readonly id: string
  readonly name: string
  /** JSON text. */
  readonly args: string
  readonly try: number
}

/** What a thread is given once: tasks come through it one after the other, until it is closed. */
export interface ThreadPort {
  readonly port: MessagePort
  /**
   * The number of an order while it waits for the thread. Whoever changes it there first has it: the thread, which begins
   * it, or the pool, which takes it back.
   */
  readonly claims: Int32Array
  /** Bytes of JSON. */
  readonly maxResult: number
}

/** What every thread of a pool knows. */
export interface ThreadData {
  readonly modules: readonly string[]
}

export type FromThread =
  | { readonly kind: 'progress'; readonly fraction: number | null; readonly note: string | null }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly fields: Record<string, unknown>
      readonly message: string
    }
  | { readonly kind: 'call'; readonly number: number; readonly verb: HostVerb; readonly args: readonly unknown[] }

/** Told of an order by its number; the last is that it has ended. */
export type OfThread =
  | { readonly kind: 'said'; readonly number: number; readonly message: FromThread }
  | { readonly kind: 'ended'; readonly number: number; readonly outcome: ThreadOutcome }

export type IntoThread =
  | { readonly kind: 'tell'; readonly number: number; readonly message: ToThread }
  | { readonly kind: 'run'; readonly orders: readonly ThreadOrder[] }

export type ToThread =
  | { readonly kind: 'abort'; readonly reason: AbortReason }
  | { readonly kind: 'answer'; readonly number: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly number: number; readonly error: TaskError & { readonly code?: string } }

export type AbortReason = 'cancelled' | 'soft_limit' | 'stopping'
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type HostVerb = 'submit' | 'file' | 'ask'

/** How a task ended in its thread. Its thread may end instead, and then says nothing. */
export type ThreadOutcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | {
      readonly kind: 'failed'
      readonly error: TaskError
      /** Another try is of no use. */
      readonly isFinal: boolean
      readonly trace: string | null
      /** What an error with `args` was made of, as those of Python are: workers of Celery pass them on. */
      readonly args?: readonly unknown[]
      /** It was asked to end before it threw. */
      readonly aborted: AbortReason | null
    }
