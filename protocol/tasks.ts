import { z } from 'zod'
import { instant, pageQuery } from './api.ts'
import { role } from './roles.ts'

/**
 * Where a task is in its life. `waiting` until its turn or its time has come, `retrying` between a try that failed and the
 * next. The last four are final: whatever comes after one of them changes nothing.
 */
export const taskStates = [
  'waiting',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
  /** It was not begun before `expiresAt`. */
  'expired',
] as const
export const taskState = z.enum(taskStates)
export type TaskState = z.infer<typeof taskState>
export const finalTaskStates = ['succeeded', 'failed', 'cancelled', 'expired'] as const satisfies readonly TaskState[]

/** Dotted, as Celery's are: `reports.monthly`. */
export const taskName = z
  .string()
  .min(1, 'Name a task.')
  .max(200, 'A task name has at most 200 characters.')
  .regex(/^[\w.-]+$/, 'A task name has letters, digits, dots, _ and -.')
export const queueName = z
  .string()
  .min(1, 'Name a queue.')
  .max(100, 'A queue name has at most 100 characters.')
  .regex(/^[\w.-]+$/, 'A queue name has letters, digits, dots, _ and -.')

/** By name, or by position in the order in which the task declares them. */
export const taskArguments = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())])
export type TaskArguments = z.infer<typeof taskArguments>

/**
 * `POST /api/v1/tasks`, the RPC `tasks.submit`. `id` makes it safe to send twice: the same again is answered with the task
 * that there is. Times in seconds; `eta` and `countdown` exclude each other.
 */
export const taskRequest = z
  .object({
    name: taskName,
    args: taskArguments.default({}),
    id: z.uuid('An id is a UUID.').optional(),
    queue: queueName.optional(),
    /** Higher first. */
    priority: z.int().min(0).max(9, 'A priority is from 0 to 9.').optional(),
    eta: instant.optional(),
    countdown: z
      .number()
      .min(0)
      .max(366 * 24 * 3600, 'A countdown has at most a year.')
      .optional(),
    /** From submission; when it has not begun by then it never does. */
    expires: z
      .number()
      .positive()
      .max(366 * 24 * 3600, 'A task expires within a year.')
      .optional(),
  })
  .refine(({ eta, countdown }) => eta === undefined || countdown === undefined, {
    path: ['countdown'],
    message: 'Give eta or countdown, not both.',
  })
export type TaskRequest = z.input<typeof taskRequest>

/** What went wrong, without the trace: that stays in the server's log. */
export const taskError = z.object({ type: z.string(), message: z.string() })
export type TaskError = z.infer<typeof taskError>

/** Something that a task wrote for its owner: `GET /api/v1/tasks/:id/files/:name`. */
export const taskFile = z.object({ name: z.string(), bytes: z.int(), type: z.string() })
export type TaskFile = z.infer<typeof taskFile>

export const taskView = z.object({
  id: z.uuid(),
  name: z.string(),
  state: taskState,
  /** Who submitted it; null where it was a schedule. */
  owner: z.object({ id: z.string(), name: z.string() }).nullable(),
  queue: z.string(),
  priority: z.int(),
  submittedAt: instant,
  /** Not before. */
  startAt: instant,
  /** Not after. */
  expiresAt: instant.nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** How often it was begun. */
  tries: z.int(),
  /** How much is done, from 0 to 1; null where it does not say. */
  progress: z.number().min(0).max(1).nullable(),
  note: z.string().nullable(),
  /** What runs it, or did last. */
  worker: z.string().nullable(),
  error: taskError.nullable(),
  files: z.array(taskFile),
  /** Asked to end, and not yet ended. */
  isCancelling: z.boolean(),
})
export type TaskView = z.infer<typeof taskView>

/** One thing that happened in its life. */
export const taskEvent = z.object({
  at: instant,
  kind: z.enum([
    'submitted',
    'started',
    'retried',
    'succeeded',
    'failed',
    'cancelling',
    'cancelled',
    'expired',
    'lost',
  ]),
  /** Which try it was about, from 1. */
  try: z.int().nullable(),
  worker: z.string().nullable(),
  /** Why it was retried, failed or cancelled. */
  reason: z.string().nullable(),
})
export type TaskEvent = z.infer<typeof taskEvent>

/** `GET /api/v1/tasks/:id` */
export const taskDetail = taskView.extend({
  args: taskArguments,
  result: z.unknown(),
  /** Until when all of this is kept; null while it is not final. */
  keptUntil: instant.nullable(),
  parentId: z.uuid().nullable(),
  /** Which schedule submitted it. */
  schedule: z.string().nullable(),
  events: z.array(taskEvent),
})
export type TaskDetail = z.infer<typeof taskDetail>

/** `GET /api/v1/tasks`: the newest first. Others than operators and administrators see their own. */
export const taskQuery = z.object({
  state: taskState.optional(),
  /** The whole of it, or its beginning with `*` at the end. */
  name: z.string().max(200).optional(),
  /** By id, or by name. */
  owner: z.string().max(200).optional(),
  queue: queueName.optional(),
  mine: z.enum(['', 'true']).optional(),
  /** Submitted from, and before. */
  from: instant.optional(),
  until: instant.optional(),
  ...pageQuery.shape,
})
export type TaskQuery = z.infer<typeof taskQuery>

/** `GET /api/v1/task-definitions`: what the caller may submit. */
export const taskDefinitionView = z.object({
  name: z.string(),
  /** What it does, in a sentence. */
  description: z.string(),
  queue: z.string(),
  /** JSON Schema of its arguments; null where this server does not know them, as of a task of a Python worker. */
  arguments: z.record(z.string(), z.unknown()).nullable(),
  roles: z.array(role),
  /** Cron expressions, in UTC. */
  schedule: z.string().nullable(),
  nextAt: instant.nullable(),
})
export type TaskDefinitionView = z.infer<typeof taskDefinitionView>

/** `GET /api/v1/task-queues` */
export const taskQueueView = z.object({
  name: z.string(),
  waiting: z.int(),
  running: z.int(),
  /** Since when its oldest task whose time has come waits. */
  oldestAt: instant.nullable(),
})
export type TaskQueueView = z.infer<typeof taskQueueView>

/** `GET /api/v1/task-workers` */
export const taskWorkerView = z.object({
  name: z.string(),
  /** embedded: threads of this server. */
  kind: z.enum(['embedded', 'carillon', 'celery']),
  concurrency: z.int().nullable(),
  queues: z.array(z.string()),
  running: z.array(z.object({ id: z.string(), name: z.string(), startedAt: instant.nullable() })),
  seenAt: instant,
})
export type TaskWorkerView = z.infer<typeof taskWorkerView>

/** Published in the owner's personal channel whenever something about a task changes. `result` comes with the end, if it is small. */
export const taskPush = z.object({ type: z.literal('task'), task: taskView, result: z.unknown().optional() })
export type TaskPush = z.infer<typeof taskPush>
