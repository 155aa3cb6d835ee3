import type { TaskError } from '#protocol/tasks.ts'
import { messageOf, type RemoteError } from '../exceptions.ts'

type Told = Pick<RemoteError, 'type' | 'module' | 'args'>

/** What an exception of a worker is called here: what this server's own threads tell as well has one name. */
export function toldError(error: Told): TaskError {
  const own = known[`${error.module ?? ''}.${error.type}`]
  return own?.(error.args) ?? { type: error.type, message: messageOf(error) }
}

const known: Readonly<Record<string, (args: readonly unknown[]) => TaskError>> = {
  'billiard.exceptions.TimeLimitExceeded': ([seconds]) => ({
    type: 'time_limit',
    message: `It ran longer than ${shown(seconds)} seconds, its hard limit, and was ended.`,
  }),
  'billiard.exceptions.SoftTimeLimitExceeded': ([seconds]) => ({
    type: 'time_limit',
    message: `It ran longer than ${shown(seconds)} seconds, its soft limit, and gave up.`,
  }),
  'billiard.exceptions.WorkerLostError': ([sentence]) => ({
    type: 'worker_exited',
    message: shown(sentence),
  }),
  'celery.exceptions.NotRegistered': ([name]) => ({
    type: 'unknown_task',
    message: `The worker that got it knows no task ${shown(name)}. Start one that does, or give its queue to the task.`,
  }),
}

function shown(value: unknown): string {
  return String(value).slice(0, 300)
}
