import type { Logger } from 'pino'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { Definitions } from '../definitions/load-definitions.ts'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskRow } from '../records/task-row.ts'
import type { SentTask, TaskTransport } from '../transport.ts'

export interface FollowUpOptions {
  readonly records: Pick<TaskRecords, 'sent'>
  readonly transport: Pick<TaskTransport, 'follow'>
  readonly definitions: Pick<Definitions, 'byName'>
  readonly settings: Pick<TaskSettings, 'hard_limit'>
  readonly clock: () => number
  readonly log: Logger
}

/**
 * What was handed over by an earlier start of this server is followed at once; what is older than tasks get, whoever it
 * was that handed it over: that one may be gone.
 */
export function startFollowUp(options: FollowUpOptions): AsyncDisposable {
  const { records, transport, definitions, settings, clock, log } = options
  let isClosed = false
  let under = look(0)
  const timer = setInterval(() => {
    under = under.then(() => look(settings.hard_limit * 1000 + everyMs))
  }, everyMs).unref()

  async function look(olderThanMs: number): Promise<void> {
    try {
      for (let after = ''; !isClosed; ) {
        const rows = await records.sent(after, clock() - olderThanMs, atOnce)
        transport.follow(rows.map((row) => sentTask(row, definitions.byName.get(row.name)?.hardLimit)))
        if (rows.length < atOnce) return
        after = rows.at(-1)?.sort_id ?? ''
      }
    } catch (error) {
      log.error({ err: error }, 'tasks that were handed over could not be read')
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearInterval(timer)
      await under
    },
  }
}

const everyMs = 60_000
const atOnce = 1_000

function sentTask(row: TaskRow, hardLimit: number | undefined): SentTask {
  return {
    id: row.id,
    startAt: Date.parse(row.start_at),
    expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
    startedAt: row.state === 'running' && row.started_at !== null ? Date.parse(row.started_at) : null,
    worker: row.worker,
    ...(hardLimit !== undefined && { hardLimit }),
  }
}
