import type { z } from 'zod'
import type { Frame } from './body.ts'
import type { TaskMessage } from './task-message.ts'
import { parseTime } from './times.ts'

export type DecodedTask =
  | { readonly kind: 'task'; readonly task: TaskMessage }
  | { readonly kind: 'refused'; readonly refusal: MessageRefusal }

/** Why a message is not run. With an id, whoever waits for it can be told. */
export interface MessageRefusal extends MessageOrigin {
  /**
   * not_a_task: nobody knows whose it is. undecodable: its body or a header cannot be read. bad_time: not when it is to
   * begin or expire.
   */
  readonly code: 'not_a_task' | 'undecodable' | 'bad_time'
  /** A sentence that says what to do. */
  readonly message: string
}

/** As much as is known of a message of which nothing else may be right. */
export interface MessageOrigin {
  readonly id: string | null
  readonly name: string | null
  readonly replyTo: string | null
  readonly ignoreResult: boolean
}

export function refuse(origin: MessageOrigin, code: MessageRefusal['code'], message: string): DecodedTask {
  return { kind: 'refused', refusal: { ...origin, code, message } }
}

/** Undefined where there is one that cannot be read. */
export function timeIn(value: unknown): number | null | undefined {
  return value === undefined || value === null ? null : (parseTime(value) ?? undefined)
}

export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'it cannot be read.' : `${issue.path.join('.') || 'it'}: ${issue.message}.`
}

/** The queue that hears of a task, as it stands in the properties of its message. */
export function replyQueueIn({ replyTo }: Frame['properties']): string | null {
  return typeof replyTo === 'string' && replyTo !== '' ? replyTo : null
}

export function priorityIn({ priority }: Frame['properties']): number | null {
  return typeof priority === 'number' ? priority : null
}
