import type { TaskSettings } from '#server/config/tasks.ts'
import type { TaskDefinition } from '../../definition.ts'
import type { TaskOrder } from '../../threads/task-threads.ts'
import { withoutTags } from '../tagged.ts'
import type { TaskMessage } from '../task-message.ts'

/** What a thread is handed. Positional and named arguments together become named ones, as Python has it. */
export function orderOf(task: TaskMessage, definition: TaskDefinition, settings: TaskSettings): TaskOrder {
  const { id, name, retries, timeLimit } = task
  const limits = limitsOf(task, definition, settings)
  return {
    ...{ id, name, try: retries + 1, args: JSON.stringify(withoutTags(argumentsOf(task, definition))) },
    ...((timeLimit.soft ?? timeLimit.hard) !== null && { softLimit: limits.soft, hardLimit: limits.hard }),
  }
}

/** In seconds. What the message says comes first. */
export function limitsOf({ timeLimit }: TaskMessage, definition: TaskDefinition, settings: TaskSettings) {
  const hard = timeLimit.hard ?? definition.hardLimit ?? settings.hard_limit
  const soft = timeLimit.soft ?? definition.softLimit ?? settings.soft_limit
  return { hard, soft: Math.min(soft, hard) }
}

function argumentsOf({ args, kwargs }: TaskMessage, { arguments: schema }: TaskDefinition): unknown {
  if (args.length === 0) return kwargs
  if (Object.keys(kwargs).length === 0) return args
  const names = Object.keys(schema.shape)
  // Those too many keep a name that no task has, so that they are refused as unknown.
  return { ...Object.fromEntries(args.map((value, at) => [names[at] ?? `argument ${at + 1}`, value])), ...kwargs }
}

/** Until the next try, in milliseconds; null when there is none. */
export function retryDelayMs({ retry }: TaskDefinition, retries: number, random = Math.random): number | null {
  if (retry === undefined || retries >= retry.times) return null
  const { delay = 1, factor = 2, longest = 600 } = retry
  return random() * Math.min(longest, delay * factor ** retries) * 1000
}
