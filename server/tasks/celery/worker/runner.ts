import type { TaskRequest } from '#protocol/tasks.ts'

/** What carries tasks out, in threads. */
export interface TaskRunner {
  /** Begins at once, or when a thread is free. */
  run(work: Work): RunningWork
}

export interface Work {
  readonly id: string
  readonly name: string
  /** From 1. */
  readonly try: number
  /** By name. */
  readonly args: Readonly<Record<string, unknown>>
  /** In seconds. */
  readonly softLimit: number
  readonly hardLimit: number
  onProgress(fraction: number, note: string | null): void
  submit(request: TaskRequest): Promise<string>
}

export interface RunningWork {
  /** Never rejects. */
  readonly ended: Promise<WorkEnd>
  /** Its signal is aborted; a thread that does not heed it is ended. */
  cancel(): void
}

export type WorkEnd =
  /** `result` is JSON text. */
  | { readonly kind: 'succeeded'; readonly result: string }
  | { readonly kind: 'failed'; readonly error: WorkError /** It would fail again. */; readonly isLasting: boolean }
  | { readonly kind: 'cancelled' }
  /** Beyond its hard limit. */
  | { readonly kind: 'overdue'; readonly seconds: number }

export interface WorkError {
  readonly type: string
  /** What the error was made of: its message, or what its class calls `args`. */
  readonly args: readonly unknown[]
  readonly trace: string | null
}
