import type { TaskRequest } from '#protocol/tasks.ts'
import type { AbortReason, LogLevel } from './messages.ts'
import type { TaskOutcome } from './task-threads.ts'
import type { LimitedOrder, ThreadPoolOptions } from './thread-pool.ts'

/** Asked of the process with the threads. A run has a number, as one task may be in it twice. */
export type ProcessVerbs = {
  open(options: Omit<ThreadPoolOptions, 'log'>): void
  /** Its end is told with `ended`. */
  run(run: number, order: LimitedOrder): void
  abort(run: number, reason: AbortReason): void
}

/** Asked of whoever started it. */
export type HostVerbs = {
  ended(run: number, outcome: TaskOutcome): void
  progress(run: number, fraction: number | null, note: string | null): void
  log(run: number, level: LogLevel, fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  submit(run: number, request: TaskRequest): Promise<string>
  file(run: number, name: string, type: string): Promise<string>
  ask(run: number, question: string, about: unknown): Promise<unknown>
}
