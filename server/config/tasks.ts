import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { queueName } from '#protocol/tasks.ts'
import { timeSpan } from './namespaces.ts'

const concurrencySentence = 'Give a number of threads from 0 (none) to 256, or auto for one a core.'

/** How long work is carried out. */
export const taskSettings = z.strictObject({
  /** A folder with modules that define the site's own tasks. */
  folder: z.string().min(1).optional(),
  /** Threads of this server that carry out tasks; those of RabbitMQ are `carillon worker`'s. */
  concurrency: z
    .union([z.int(), z.literal('auto')], concurrencySentence)
    .transform((threads) => (threads === 'auto' ? availableParallelism() : threads))
    .pipe(z.int().min(0, concurrencySentence).max(256, concurrencySentence))
    .prefault('auto'),
  /** Where tasks go that name no queue: Celery's own default. */
  default_queue: queueName.default('celery'),
  /** Which queue a task goes to, by its name or its beginning with `*`; the first that fits holds. */
  routes: z
    .array(z.strictObject({ task: z.string().min(1).max(200), queue: queueName }))
    .max(200)
    .default([]),
  /** Names that workers of other languages run; those that answer are found without. */
  remote: z.array(z.string().min(1).max(200)).max(1000).default([]),
  /** After which a task is asked to end, and after which it is ended. */
  soft_limit: timeSpan.default(3540),
  hard_limit: timeSpan.default(3600),
  /** Memory of a thread, in MiB: beyond it the task has failed. */
  memory: z.int().min(16).max(65_536).default(256),
  /** How long results are kept. */
  keep: timeSpan.default(24 * 3600),
  /** Results beyond so many bytes of JSON are refused: a task writes a file instead. */
  max_result: z
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024),
  /** Unfinished tasks of one owner. */
  per_owner: z.int().min(1).max(1_000_000).default(10_000),
  /** Unfinished tasks of all. */
  total: z.int().min(1).max(10_000_000).default(1_000_000),
  webhook: z
    .strictObject({
      /** Signs what `carillon.webhook` sends: `whsec_` and base 64, as Standard Webhooks has it. Made when left out. */
      secret: z
        .string()
        .regex(/^whsec_[A-Za-z0-9+/]{32,120}={0,2}$/, 'A webhook secret is whsec_ and at least 24 bytes in base 64.')
        .optional(),
      /** Hosts in private networks, or on this machine, that it may be sent to. */
      private_hosts: z.array(z.string().min(1).max(253)).max(100).default([]),
    })
    .prefault({}),
  celery: z
    .strictObject({
      event_exchange: z.string().min(1).max(127).default('celeryev'),
      control_exchange: z.string().min(1).max(121).default('celery'),
      /** Python's `global_keyprefix` of results in Redis. */
      result_prefix: z.string().max(100).default(''),
      /** Messages that a worker takes for each of its threads; auto: 4, and 64 while tasks are small. */
      prefetch: z.union([z.int().min(1).max(1000), z.literal('auto')]).default('auto'),
      /** Queues that are not plain ones. Whoever else declares them has to give the same arguments. */
      queues: z
        .array(
          z.strictObject({
            name: queueName,
            type: z.enum(['classic', 'quorum']).default('classic'),
            /** Highest priority of its tasks; a queue without has none. */
            max_priority: z.int().min(1).max(255).optional(),
            /** After so many deliveries without an answer a task goes to the dead letters. Of quorum queues. */
            delivery_limit: z.int().min(1).max(1000).optional(),
            /** The queue that what was refused goes to. */
            dead_letter: queueName.optional(),
          }),
        )
        .max(200)
        .default([]),
      /** How long a worker keeps trying while Redis or RabbitMQ do not take a result; then the task is begun anew. */
      patience: timeSpan.default(60),
      /** Whoever reaches RabbitMQ may end workers: `celery control shutdown`. */
      remote_shutdown: z.boolean().default(false),
      /** How far ahead a worker holds a task whose time has not come, rather than handing it back. */
      hold: timeSpan.default(300),
      /** Task events for monitors, as Python's `-E`; heartbeats are always sent. */
      events: z.boolean().default(false),
    })
    .prefault({}),
})
export type TaskSettings = z.infer<typeof taskSettings>
