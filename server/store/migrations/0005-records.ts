import { type Kysely, sql } from 'kysely'
import * as stars from './0001-stars.ts'
import * as identity from './0003-identity.ts'

/**
 * Where a PostgreSQL begins: the records as the migrations up to this one have made them, without the history, and by
 * what nodes with another secret are told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await stars.up(db)
  await identity.up(db)
  await db.schema
    .createTable('secret_check')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()
}
