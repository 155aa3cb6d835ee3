import { z } from 'zod'
import { parseJson } from './parse-json.ts'
import { isFinalStatus } from './states.ts'
import { formatTime, parseTime } from './times.ts'

/** A state of a task as it is stored in Redis, and sent to the queue of whoever waits. */
export interface TaskResult {
  readonly id: string
  /** Celery's word: `SUCCESS`. */
  readonly status: string
  /** Of a failure, a retry or a revocation the exception. */
  readonly result: unknown
  readonly traceback: string | null
  /** Ids of the tasks that it sent. */
  readonly children: readonly string[]
  /** Milliseconds since 1970; null until it is final. */
  readonly doneAt: number | null
  readonly group: string | null
  readonly parentId: string | null
}

/**
 * As Python writes it. `result` is JSON text, so that what a task answered is not parsed only to be written again.
 */
export function encodeResult(
  given: Pick<TaskResult, 'id' | 'status' | 'traceback' | 'group' | 'parentId'> & {
    readonly result: string
    /** Each as Python's `as_tuple` has it. */
    readonly children: readonly unknown[]
  },
  now = Date.now(),
): string {
  const document = JSON.stringify({
    status: given.status,
    traceback: given.traceback,
    children: given.children,
    date_done: isFinalStatus(given.status) ? formatTime(now) : null,
    ...(given.group !== null && { group_id: given.group }),
    ...(given.parentId !== null && { parent_id: given.parentId }),
    task_id: given.id,
  })
  return `{"result":${given.result},${document.slice(1)}`
}

const documentSchema = z.looseObject({
  task_id: z.string().min(1).max(255),
  status: z.string().min(1).max(100),
  result: z.unknown().optional(),
  traceback: z.unknown().optional(),
  children: z.unknown().optional(),
  date_done: z.unknown().optional(),
  group_id: z.string().nullish(),
  parent_id: z.string().nullish(),
})

/** Null where it is none: whoever reaches Redis or the queue can write there. */
export function decodeResult(bytes: Uint8Array): TaskResult | null {
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch {
    return null
  }
  const parsed = documentSchema.safeParse(value)
  if (!parsed.success) return null
  const { task_id: id, status, result, traceback, children, date_done, group_id, parent_id } = parsed.data
  return {
    ...{ id, status, result: result ?? null },
    traceback: typeof traceback === 'string' ? traceback : null,
    children: childIds(children),
    doneAt: parseTime(date_done),
    group: group_id ?? null,
    parentId: parent_id ?? null,
  }
}

/** `[[[id, parent], nested], …]`; what is not of this form is passed over. */
function childIds(children: unknown): readonly string[] {
  if (!Array.isArray(children)) return []
  return children.flatMap((child: unknown) => {
    const id: unknown = Array.isArray(child) && Array.isArray(child[0]) ? child[0][0] : undefined
    return typeof id === 'string' ? [id] : []
  })
}

/** The key, and the channel, under which Python looks for it. */
export function resultKey(id: string, prefix: string): string {
  return `${prefixOf(prefix)}celery-task-meta-${id}`
}

export function groupKey(group: string, prefix: string, suffix: '' | '.j' | '.s' | '.t' = ''): string {
  return `${prefixOf(prefix)}celery-taskset-meta-${group}${suffix}`
}

/** As Python's `global_keyprefix`: it is joined by an underscore unless it ends in a mark. */
function prefixOf(prefix: string): string {
  return prefix === '' || /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`
}
