import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Role } from '#protocol/roles.ts'
import type { TaskRequest } from '#protocol/tasks.ts'

/** Work that takes its time: what it is called, what it takes, and how it is run. */
export interface TaskDefinition<Arguments = unknown> {
  /** Dotted: `reports.monthly`. Those that begin with `carillon.` are the product's. */
  readonly name: string
  /** What it does, in a sentence, for whoever is to submit it. */
  readonly description: string
  /** The order of its keys is that of arguments given by position. */
  readonly arguments: z.ZodObject<z.ZodRawShape, z.core.$ZodObjectConfig> & z.ZodType<Arguments>
  /** Who may submit it. Default administrators and operators. */
  readonly roles?: readonly Role[]
  /** Default the queue that the configuration names, `celery`. */
  readonly queue?: string
  /** From 0, the default, to 9, first. */
  readonly priority?: number
  readonly retry?: RetryPolicy
  /** After so many seconds its signal is aborted. Default the configuration's. */
  readonly softLimit?: number
  /** After so many seconds its thread is ended, and it has failed. Default the configuration's. */
  readonly hardLimit?: number
  /** How long result and life are kept after its end, in seconds. Default a day. */
  readonly keep?: number
  /** Cron expression in UTC: it is then submitted without arguments, for nobody. */
  readonly schedule?: string
  /** server: only where the server itself runs, never handed to RabbitMQ. Default anywhere. */
  readonly place?: 'anywhere' | 'server'
  /**
   * late, the default: a worker that is killed leaves it to another, so it has to bear being run twice. early: at most
   * once.
   */
  readonly acknowledge?: 'late' | 'early'
  run(args: Arguments, context: TaskContext): unknown
}

/** Delays grow from `delay` by `factor` up to `longest`, in seconds; each is drawn at random from nothing to that (full jitter). */
export interface RetryPolicy {
  /** Tries after the first. Default 0. */
  readonly times: number
  /** Default 1. */
  readonly delay?: number
  /** Default 2. */
  readonly factor?: number
  /** Default 600. */
  readonly longest?: number
}

/** What a task is given to work with. */
export interface TaskContext {
  readonly id: string
  readonly name: string
  /** From 1. */
  readonly try: number
  /** Aborted when it is cancelled, or beyond its soft limit. */
  readonly signal: AbortSignal
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
  /** How much is done, from 0 to 1, and what it is at. Told at most some times a second. */
  progress(fraction: number, note?: string): void
  /** Submits another task, for the same owner. Answers its id. */
  submit(request: TaskRequest): Promise<string>
  /** Where to write a file for its owner, which then is kept as long as the result. */
  file(name: string, type: string): Promise<string>
}

/** The default export of a module in the site's folder: it is handed what definitions are made of. */
export type TaskModule = (kit: TaskKit) => TaskDefinition | readonly TaskDefinition[]

export interface TaskKit {
  readonly z: typeof z
  /** The definition itself, with the types of its arguments. */
  task<Arguments>(definition: TaskDefinition<Arguments>): TaskDefinition<Arguments>
}
