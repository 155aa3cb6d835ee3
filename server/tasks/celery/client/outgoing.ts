import type { TaskSettings } from '#server/config/tasks.ts'
import type { QueuedTask } from '../../transport.ts'
import { type EncodedTask, encodeTask, taskMessage } from '../encode-task.ts'
import { hasForeignTag } from '../tagged.ts'

export interface OutgoingOptions {
  /** Who sends it, for monitors. */
  readonly origin: string
  /** The queue that hears of it. */
  readonly replyTo: string
  readonly settings: Pick<TaskSettings, 'soft_limit' | 'hard_limit'>
  readonly now: number
}

/** A task of ours as Celery's workers take it; null where a worker in Python would fail to read its arguments. */
export function outgoing(task: QueuedTask, { origin, replyTo, settings, now }: OutgoingOptions): EncodedTask | null {
  const { id, name, parentId, priority, startAt, expiresAt, tries } = task
  if (hasForeignTag(task.args)) return null
  const args: unknown = JSON.parse(task.args)
  const hard = task.hardLimit ?? settings.hard_limit
  const message = taskMessage({
    ...{ id, name, origin, replyTo, priority, parentId, retries: tries, expires: expiresAt },
    ...(Array.isArray(args) ? { args } : { kwargs: args as Record<string, unknown> }),
    rootId: parentId ?? id,
    eta: startAt > now ? startAt : null,
    timeLimit: { hard, soft: Math.min(task.softLimit ?? settings.soft_limit, hard) },
  })
  return encodeTask(message, now)
}
