import type { TaskState } from '#protocol/tasks.ts'
import { decodeError } from './exceptions.ts'

/** After one of these nothing changes. */
const finalStatuses = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'IGNORED'])

export function isFinalStatus(status: string): boolean {
  return finalStatuses.has(status)
}

/** Our word for a state of Celery. Any other word in capitals is an application's own, and of a task that runs. */
export function taskStateOf(status: string, result: unknown): TaskState {
  if (status === 'REVOKED') return decodeError(result)?.args[0] === 'expired' ? 'expired' : 'cancelled'
  return known[status] ?? 'running'
}

const known: Readonly<Record<string, TaskState>> = {
  PENDING: 'waiting',
  RECEIVED: 'waiting',
  STARTED: 'running',
  RETRY: 'retrying',
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  REJECTED: 'failed',
  IGNORED: 'cancelled',
}
