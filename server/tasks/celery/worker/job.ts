import type { Delivery } from '#server/amqp/delivery.ts'
import type { TaskDefinition } from '../../definition.ts'
import type { TaskMessage } from '../task-message.ts'

/** One task that this worker has taken, until its message is answered. */
export interface Job {
  readonly task: TaskMessage
  readonly definition: TaskDefinition
  readonly lane: Lane
  /** Another one, when RabbitMQ has delivered the same message again while it ran. */
  delivery: Delivery
  /** Milliseconds since 1970; null while it waits. */
  startedAt: number | null
  isAcknowledged: boolean
  /** Ends it when it is aborted. */
  readonly ending: AbortController
}

/** Queues that share a channel, and what may be held of them. */
export interface Lane {
  readonly queues: readonly string[]
  /** Of quorum queues the prefetch cannot be raised while they are consumed: what has to wait is put aside instead. */
  readonly mayHold: boolean
  hold(): void
  release(): void
}

/** Of a task that is definitely not begun again the message is answered once, whatever comes. */
export function acknowledge(job: Job): void {
  if (job.isAcknowledged) return
  job.isAcknowledged = true
  job.delivery.ack()
}

export function isLate({ definition }: Job): boolean {
  return definition.acknowledge !== 'early'
}
