import type { Logger } from 'pino'
import type { TaskDefinition } from '../definition.ts'
import type { Definitions } from '../definitions/load-definitions.ts'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskRow } from '../records/task-row.ts'
import type { QueuedTask, TaskTransport } from '../transport.ts'

/** Hands tasks to the message broker: each is in the records first, and is handed over until the broker has it. */
export interface Outbox extends AsyncDisposable {
  send(row: TaskRow): void
}

export interface OutboxOptions {
  readonly records: Pick<TaskRecords, 'unsent' | 'markSent'>
  readonly transport: Pick<TaskTransport, 'send'>
  readonly definitions: Definitions
  readonly clock: () => number
  readonly log: Logger
  /** Whether this process sends what others have left. */
  readonly isActive: boolean
}

const lookEveryMs = 2_000
/** What is younger may be under way from another process. */
const leftAfterMs = 10_000
const maxUnderWay = 1_000

export function createOutbox({ records, transport, definitions, clock, log, isActive }: OutboxOptions): Outbox {
  const underWay = new Map<string, Promise<void>>()
  /** At the start all that is there was left by an earlier one. */
  let olderThanMs = 0
  let isLooking = false
  const timer = isActive ? setInterval(() => void look(), lookEveryMs) : undefined
  timer?.unref()
  if (isActive) void look()

  /** What does not get through stays in the records: the next look finds it. */
  function send(row: TaskRow): void {
    if (underWay.has(row.id) || underWay.size >= maxUnderWay) return
    const sent = deliver(row)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ task: row.id, reason }, 'a task was not handed over yet')
      })
      .finally(() => underWay.delete(row.id))
    underWay.set(row.id, sent)
  }

  async function deliver(row: TaskRow): Promise<void> {
    await transport.send(queued(row, definitions.byName.get(row.name)))
    await records.markSent(row.id)
  }

  async function look(): Promise<void> {
    if (isLooking || underWay.size >= maxUnderWay) return
    isLooking = true
    try {
      for (const row of await records.unsent(maxUnderWay - underWay.size, clock() - olderThanMs)) send(row)
      olderThanMs = leftAfterMs
    } catch (error) {
      log.error({ err: error }, 'tasks to be handed over could not be read')
    } finally {
      isLooking = false
    }
  }

  return {
    send,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all(underWay.values())
    },
  }
}

function queued(row: TaskRow, definition: TaskDefinition | undefined): QueuedTask {
  const { softLimit, hardLimit } = definition ?? {}
  return {
    ...(softLimit !== undefined && { softLimit }),
    ...(hardLimit !== undefined && { hardLimit }),
    id: row.id,
    name: row.name,
    args: row.args,
    queue: row.queue,
    priority: row.priority,
    startAt: Date.parse(row.start_at),
    expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
    tries: row.tries,
    parentId: row.parent_id,
    ownerId: row.owner_id === '' ? null : row.owner_id,
  }
}
