import { Cron } from 'croner'
import { z } from 'zod'
import { role } from '#protocol/roles.ts'
import { queueName, taskName } from '#protocol/tasks.ts'
import type { TaskDefinition } from '../definition.ts'

const seconds = z
  .number()
  .positive()
  .max(366 * 24 * 3600)

const definition = z.object({
  name: taskName,
  description: z.string().min(1, 'Say in a sentence what it does.').max(500),
  arguments: z.instanceof(z.ZodObject, {
    error: 'Its arguments are a z.object(…), made with the z that the module was handed.',
  }),
  roles: z.array(role).min(1).optional(),
  queue: queueName.optional(),
  priority: z.int().min(0).max(9).optional(),
  retry: z
    .object({
      times: z.int().min(0).max(1000),
      delay: seconds.optional(),
      factor: z.number().min(1).max(100).optional(),
      longest: seconds.optional(),
    })
    .optional(),
  softLimit: seconds.optional(),
  hardLimit: seconds.optional(),
  keep: seconds.optional(),
  schedule: z.string().refine(isSchedule, 'This is no cron expression: five fields, in UTC, as 0 3 * * *.').optional(),
  place: z.enum(['anywhere', 'server']).optional(),
  acknowledge: z.enum(['late', 'early']).optional(),
  run: z.custom<TaskDefinition['run']>((run) => typeof run === 'function', 'Give a function run(args, context).'),
})

/** What is wrong with what a module has given as a task; null when nothing is. */
export function problemWith(given: unknown): string | null {
  const parsed = definition.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = issue?.path.join('.') ?? ''
    return path === '' ? 'it gives something that is no task' : `${path}: ${issue?.message}`
  }
  const { schedule, arguments: schema } = parsed.data
  if (schedule !== undefined && !schema.safeParse({}).success) {
    return 'schedule: it is submitted without arguments then, and its arguments are not all optional.'
  }
  return null
}

function isSchedule(expression: string): boolean {
  try {
    return new Cron(expression, { timezone: 'UTC', paused: true, mode: '5-part' }).nextRun() !== null
  } catch {
    return false
  }
}
