import { type Kysely, sql } from 'kysely'

/**
 * What removing a channel's history and comparing versions need to know of a stream; and where the epochs of streams come
 * from that nobody has published to yet, so that being subscribed to leaves no row behind.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table streams add column floor integer not null default 0`.execute(db)
  await sql`alter table streams add column version integer`.execute(db)
  await sql`alter table streams add column version_epoch text`.execute(db)
  await db.schema
    .createTable('stream_seed')
    .addColumn('seed', 'text', (column) => column.notNull())
    .execute()
  await sql`insert into stream_seed (seed) values (hex(randomblob(16)))`.execute(db)
}
