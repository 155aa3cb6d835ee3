import { type Kysely, sql } from 'kysely'

/** Long work and what became of it. Instants are ISO 8601 in UTC. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tasks')
    .addColumn('id', 'text', (column) => column.primaryKey())
    // A UUID of version 7, made here: lists are in its order, whatever the id is that was submitted.
    .addColumn('sort_id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    // Whose it is: empty where it was a schedule.
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('owner_name', 'text', (column) => column.notNull())
    .addColumn('queue', 'text', (column) => column.notNull())
    .addColumn('priority', 'integer', (column) => column.notNull())
    // server or broker: by whose workers it is carried out.
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('args', 'text', (column) => column.notNull())
    .addColumn('submitted_at', 'text', (column) => column.notNull())
    .addColumn('start_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('started_at', 'text')
    .addColumn('ended_at', 'text')
    .addColumn('keep_seconds', 'integer', (column) => column.notNull())
    .addColumn('kept_until', 'text')
    // Set while it waits for a time to come; then it is given a turn.
    .addColumn('due_at', 'text')
    // Set while it could be begun at once: lowest first among those of a priority. It is what makes owners take turns.
    .addColumn('turn', 'bigint')
    .addColumn('tries', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('losses', 'integer', (column) => column.notNull().defaultTo(0))
    // Who carries it out, and until when that holds without being renewed.
    .addColumn('claimed_by', 'text')
    .addColumn('claimed_until', 'text')
    // When the message broker had it, for those that are its.
    .addColumn('sent_at', 'text')
    .addColumn('worker', 'text')
    .addColumn('progress', 'double precision')
    .addColumn('note', 'text')
    .addColumn('result', 'text')
    .addColumn('error_type', 'text')
    .addColumn('error_message', 'text')
    .addColumn('files', 'text', (column) => column.notNull().defaultTo('[]'))
    .addColumn('is_cancelling', 'boolean', (column) => column.notNull())
    .addColumn('parent_id', 'text')
    .addColumn('schedule', 'text')
    .execute()
  for (const column of ['state', 'name', 'owner_id', 'owner_name', 'queue']) {
    await db.schema.createIndex(`tasks_by_${column}`).on('tasks').columns([column, 'sort_id']).execute()
  }
  // These hold those alone that are looked for, so that a hundred thousand that have ended cost nothing.
  for (const [name, columns, where] of partialIndexes) {
    await db.schema
      .createIndex(name)
      .on('tasks')
      .columns(columns)
      .where(sql<boolean>`${sql.raw(where)}`)
      .execute()
  }

  await db.schema
    .createTable('task_events')
    // Of version 7 as well.
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('task_id', 'text', (column) => column.notNull().references('tasks.id').onDelete('cascade'))
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('try', 'integer')
    .addColumn('worker', 'text')
    .addColumn('reason', 'text')
    .execute()
  await db.schema.createIndex('task_events_by_task').on('task_events').columns(['task_id', 'id']).execute()

  await db.schema
    .createTable('task_schedules')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('expression', 'text', (column) => column.notNull())
    .addColumn('next_at', 'text', (column) => column.notNull())
    .execute()
}

const partialIndexes: readonly (readonly [name: string, columns: string[], where: string])[] = [
  ['tasks_ready', ['priority desc', 'turn', 'sort_id'], 'turn is not null'],
  ['tasks_ready_by_owner', ['owner_id', 'priority', 'turn'], 'turn is not null'],
  ['tasks_due', ['due_at'], 'due_at is not null'],
  ['tasks_expiring', ['expires_at'], 'expires_at is not null and ended_at is null'],
  ['tasks_claimed', ['claimed_by', 'claimed_until'], 'claimed_by is not null'],
  ['tasks_unsent', ['sort_id'], "place = 'broker' and sent_at is null and ended_at is null"],
  ['tasks_unfinished', ['queue', 'state', 'start_at'], 'ended_at is null'],
  ['tasks_unfinished_by_owner', ['owner_id'], 'ended_at is null'],
  ['tasks_kept', ['kept_until'], 'kept_until is not null'],
]
