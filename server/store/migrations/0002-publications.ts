import { type Kysely, sql } from 'kysely'

/**
 * The streams of channels with history. A stream's row outlives its publications, so that offsets never start again
 * under the same epoch. `keep` and `keep_ms` are the channel's policy when it was last published to: what trimming goes
 * by when nobody uses the channel.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('streams')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('channel', 'text', (column) => column.notNull().unique())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('top', 'integer', (column) => column.notNull())
    .addColumn('used_at', 'integer', (column) => column.notNull())
    .addColumn('keep', 'integer', (column) => column.notNull())
    .addColumn('keep_ms', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('publications')
    .addColumn('stream_id', 'integer', (column) => column.notNull())
    .addColumn('offset', 'integer', (column) => column.notNull())
    .addColumn('time', 'integer', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('tags', 'text')
    .addColumn('info', 'text')
    .addColumn('idempotency_key', 'text')
    .addPrimaryKeyConstraint('publications_key', ['stream_id', 'offset'])
    // The rows are read and trimmed in order of offset, so they are kept in that order and not behind an index.
    .modifyEnd(sql`without rowid`)
    .execute()
  await db.schema
    .createIndex('publications_idempotency')
    .unique()
    .on('publications')
    .columns(['stream_id', 'idempotency_key'])
    .where('idempotency_key', 'is not', null)
    .execute()
}
