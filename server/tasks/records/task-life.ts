import type { TaskError, TaskFile, TaskState } from '#protocol/tasks.ts'
import type { Database } from '#server/auth/database.ts'
import type { TaskEvents } from './task-events.ts'
import type { TaskRow } from './task-row.ts'
import { iso } from './task-submissions.ts'
import type { Turns } from './turns.ts'

export type TaskEnd =
  | { readonly state: 'succeeded'; readonly result: string; readonly files?: readonly TaskFile[] }
  | { readonly state: 'failed'; readonly error: TaskError; readonly files?: readonly TaskFile[] }
  | { readonly state: 'cancelled'; readonly reason: string }
  | { readonly state: 'expired' }

export interface Claim {
  /** Whose claims are void when it starts anew. */
  readonly by: string
  readonly until: number
  /** What people are told of it. */
  readonly worker: string
}

/** What happens to a task. Each answers the row as it is then, or undefined where it came too late. */
export interface TaskLife {
  /** The next one that may be begun, which from now on is this claim's. Not one that had to be begun before now. */
  claim(claim: Claim): Promise<TaskRow | undefined>
  /** Claims of somebody who is at work on these hold longer. Answers which of them are to end. */
  renew(by: string, ids: readonly string[], until: number): Promise<readonly string[]>
  /** Somebody elsewhere has begun it. Of one and the same worker that is told once. */
  started(id: string, worker: string): Promise<TaskRow | undefined>
  progress(id: string, fraction: number | null, note: string | null): Promise<TaskRow | undefined>
  /** `tries` says which try it is about: one that was taken over meanwhile is not touched. */
  retrying(id: string, error: TaskError, nextAt: number, tries?: number): Promise<TaskRow | undefined>
  /** The first end holds. `tries` as with `retrying`; without it whichever. */
  finish(id: string, end: TaskEnd, tries?: number): Promise<TaskRow | undefined>
  /** Waiting it is cancelled at once; running it is asked to end. */
  cancel(id: string, reason: string): Promise<TaskRow | undefined>
  /** Whoever had it does not any more: it may be begun again. `reason` is null where it was handed back in good order. */
  release(
    row: Pick<TaskRow, 'id' | 'tries' | 'owner_id' | 'priority' | 'worker'>,
    reason: string | null,
  ): Promise<TaskRow | undefined>
}

export interface LifeParts {
  readonly database: Database
  readonly clock: () => number
  readonly events: TaskEvents
  readonly turns: Turns
}

const claimNext = `
  update tasks set state = 'running', turn = null, tries = tries + 1, started_at = ?, worker = ?, claimed_by = ?,
    claimed_until = ?, progress = null, note = null, error_type = null, error_message = null
  where turn is not null
    and id = (
      select id from tasks where turn is not null and (expires_at is null or expires_at > ? or tries > 0)
      order by priority desc, turn, sort_id limit 1
    )
  returning *`

export function createTaskLife({ database, clock, events, turns }: LifeParts): TaskLife {
  const now = () => iso(clock())

  return {
    async claim({ by, until, worker }) {
      const [row] = await database.all<TaskRow>(claimNext, now(), worker, by, iso(until), now())
      if (row !== undefined) await events.add(database, row.id, { kind: 'started', try: row.tries, worker })
      return row
    },

    async renew(by, ids, until) {
      const among = `claimed_by = ? and id in (${ids.map(() => '?').join(', ') || 'null'})`
      await database.run(`update tasks set claimed_until = ? where ${among}`, iso(until), by, ...ids)
      const ending = await database.all<{ id: string }>(
        `select id from tasks where is_cancelling = ? and ${among}`,
        ...[true, by, ...ids],
      )
      return ending.map(({ id }) => id)
    },

    started: (id, worker) =>
      database.transaction(async (tx) => {
        const [row] = await tx.all<TaskRow>(
          `update tasks set state = 'running', tries = tries + 1, started_at = ?, worker = ?, sent_at = coalesce(sent_at, ?),
            progress = null, note = null, error_type = null, error_message = null
           where id = ? and ended_at is null and not (state = 'running' and worker = ?) returning *`,
          ...[now(), worker, now(), id, worker],
        )
        if (row !== undefined) await events.add(tx, id, { kind: 'started', try: row.tries, worker })
        return row
      }),

    async progress(id, fraction, note) {
      const [row] = await database.all<TaskRow>(
        `update tasks set progress = ?, note = ? where id = ? and state = 'running' returning *`,
        ...[fraction, note, id],
      )
      return row
    },

    retrying: (id, error, nextAt, tries) =>
      database.transaction(async (tx) => {
        const [row] = await tx.all<TaskRow>(
          `update tasks set state = 'retrying', start_at = ?, due_at = case when place = 'server' then ? else null end,
            failures = failures + 1, claimed_by = null, claimed_until = null, error_type = ?, error_message = ?
           where id = ? and ended_at is null and (? = -1 or (tries = ? and state = 'running')) returning *`,
          ...[iso(nextAt), iso(nextAt), error.type, error.message, id, tries ?? -1, tries ?? -1],
        )
        const reason = `${error.type}: ${error.message}`
        if (row !== undefined) await events.add(tx, id, { kind: 'retried', try: row.tries, worker: row.worker, reason })
        return row
      }),

    finish: (id, end, tries) =>
      database.transaction(async (tx) => {
        const error = end.state === 'failed' ? end.error : null
        const files = end.state === 'succeeded' || end.state === 'failed' ? (end.files ?? []) : []
        const [row] = await tx.all<TaskRow>(
          `update tasks set state = ?, ended_at = ?, turn = null, due_at = null, claimed_by = null, claimed_until = null,
            progress = case when ? then 1.0 else progress end, result = ?, error_type = ?, error_message = ?, files = ?
           where id = ? and ended_at is null and (? = -1 or tries = ?) returning *`,
          ...[end.state, now(), end.state === 'succeeded', end.state === 'succeeded' ? end.result : null],
          ...[error?.type ?? null, error?.message ?? null, JSON.stringify(files), id, tries ?? -1, tries ?? -1],
        )
        if (row === undefined) return undefined
        const { worker } = row
        const reason = error ? `${error.type}: ${error.message}` : end.state === 'cancelled' ? end.reason : null
        await events.add(tx, id, { kind: end.state, try: row.tries === 0 ? null : row.tries, worker, reason })
        const keptUntil = iso(clock() + row.keep_seconds * 1000)
        await tx.run('update tasks set kept_until = ? where id = ?', keptUntil, id)
        return { ...row, kept_until: keptUntil }
      }),

    async cancel(id, reason) {
      const waiting: readonly TaskState[] = ['waiting', 'retrying']
      const found = await database.get<TaskRow>('select * from tasks where id = ? and ended_at is null', id)
      if (found === undefined) return undefined
      // Of the message broker's it is not known for certain that they have not begun: whoever runs them is told as well.
      if (waiting.includes(found.state)) {
        const ended = await this.finish(id, { state: 'cancelled', reason }, found.tries)
        if (ended !== undefined) return ended
      }
      return database.transaction(async (tx) => {
        const [row] = await tx.all<TaskRow>(
          'update tasks set is_cancelling = ? where id = ? and ended_at is null returning *',
          true,
          id,
        )
        if (row !== undefined && !found.is_cancelling) {
          await events.add(tx, id, { kind: 'cancelling', try: row.tries, worker: row.worker, reason })
        }
        return row
      })
    },

    async release(held, reason) {
      const turn = await turns.next(held.owner_id, held.priority)
      return database.transaction(async (tx) => {
        const [row] = await tx.all<TaskRow>(
          `update tasks set state = 'waiting', turn = ?, claimed_by = null, claimed_until = null, progress = null,
            note = null, losses = losses + ?
           where id = ? and tries = ? and state = 'running' returning *`,
          ...[turn, reason === null ? 0 : 1, held.id, held.tries],
        )
        if (row !== undefined) {
          const { tries, worker } = held
          await events.add(tx, held.id, {
            ...{ kind: 'lost', try: tries, worker },
            reason: reason ?? 'The server was stopped, and begins it again.',
          })
        }
        return row
      })
    },
  }
}
