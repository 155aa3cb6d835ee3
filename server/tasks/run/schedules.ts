import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import type { Logger } from 'pino'
import type { Database } from '#server/auth/database.ts'
import type { TaskDefinition } from '../definition.ts'
import type { Definitions } from '../definitions/load-definitions.ts'
import { iso } from '../records/task-submissions.ts'

/** Tasks that are submitted by the clock, by one node at a time. */
export interface Schedules extends AsyncDisposable {
  nextAt(definition: TaskDefinition): string | null
}

export interface SchedulesOptions {
  readonly database: Database
  readonly definitions: Definitions
  readonly clock: () => number
  readonly log: Logger
  /** Submitting the same id twice is submitting it once. */
  submit(definition: TaskDefinition, id: string): Promise<void>
  /** Whether this process looks at the clock. */
  readonly isActive: boolean
}

const lookEveryMs = 1_000

export async function startSchedules(options: SchedulesOptions): Promise<Schedules> {
  const { database, definitions, clock, log, submit, isActive } = options
  const scheduled = [...definitions.byName.values()].filter(({ schedule }) => schedule !== undefined)
  if (isActive) for (const definition of scheduled) await prepare(definition)
  let under = Promise.resolve()
  const timer =
    isActive && scheduled.length > 0
      ? setInterval(() => {
          under = under.then(look).catch((error: unknown) => log.error({ err: error }, 'schedules failed'))
        }, lookEveryMs)
      : undefined
  timer?.unref()

  /** What was missed while no server ran is run once, when one does again. */
  async function prepare({ name, schedule = '' }: TaskDefinition): Promise<void> {
    const next = nextRun(schedule, clock())
    if (next === null) return
    await database.run(
      `insert into task_schedules (name, expression, next_at) values (?, ?, ?)
       on conflict (name) do update set expression = excluded.expression, next_at = excluded.next_at
       where task_schedules.expression <> excluded.expression`,
      ...[name, schedule, next],
    )
  }

  async function look(): Promise<void> {
    const due = await database.all<{ name: string; next_at: string }>(
      'select name, next_at from task_schedules where next_at <= ?',
      iso(clock()),
    )
    for (const { name, next_at } of due) {
      const definition = definitions.byName.get(name)
      const next = definition?.schedule === undefined ? null : nextRun(definition.schedule, clock())
      if (definition === undefined || next === null) continue
      // First the task, under an id that every node finds for this time; then the time after it.
      await submit(definition, idOf(name, next_at))
      await database.run('update task_schedules set next_at = ? where name = ? and next_at = ?', next, name, next_at)
    }
  }

  return {
    nextAt: ({ schedule }) => (schedule === undefined ? null : nextRun(schedule, clock())),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await under
    },
  }
}

function nextRun(schedule: string, after: number): string | null {
  const cron = new Cron(schedule, { timezone: 'UTC', paused: true, mode: '5-part' })
  return cron.nextRun(new Date(after))?.toISOString() ?? null
}

/** A UUID of version 8 (RFC 9562): made of what it stands for. */
function idOf(name: string, time: string): string {
  const hex = createHash('sha256').update(`${name} ${time}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
