import type { Kysely } from 'kysely'
import * as stars from './0001-stars.ts'
import * as identity from './0003-identity.ts'

/** Where a PostgreSQL begins: the records as the migrations up to this one have made them. History is kept elsewhere. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await stars.up(db)
  await identity.up(db)
}
