import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import * as stars from './migrations/0001-stars.ts'
import * as publications from './migrations/0002-publications.ts'
import * as identity from './migrations/0003-identity.ts'
import * as streams from './migrations/0004-streams.ts'
import * as streamBoot from './migrations/0005-stream-boot.ts'
import * as factor from './migrations/0008-factor.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** Every migration in order. A released one never changes; the next gets the next number. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-stars': { up: stars.up },
  '0002-publications': { up: publications.up },
  '0003-identity': { up: identity.up },
  '0004-streams': { up: streams.up },
  '0005-stream-boot': { up: streamBoot.up },
  '0008-factor': { up: factor.up },
}

/**
 * Brings the schema up to this version; a second run does nothing. All of it or nothing: Kysely opens no transaction on
 * SQLite by itself, and a start that was killed half-way would leave tables that no later start can create.
 *
 * @throws StoreError `database_newer` when a later Carillon has been here, `migration_failed`
 */
export async function migrate(db: Kysely<Schema>, sqlite: DatabaseSync): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  const applied = await appliedMigrations(db)
  // Another process of this server may be writing: without need its lock is not waited for.
  if (Object.keys(migrations).every((name) => applied.has(name))) return
  sqlite.exec('BEGIN IMMEDIATE')
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) {
    sqlite.exec('COMMIT')
    return
  }
  if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
  const sentence =
    'The database could not be brought to this version and was left as it was. Keep a copy and report this.'
  throw new StoreError('migration_failed', sentence, { cause: error })
}

/** @throws StoreError `database_newer` */
async function appliedMigrations(db: Kysely<Schema>): Promise<ReadonlySet<string>> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return new Set()
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  const applied = rows.map((row) => row.name)
  const unknown = applied.filter((name) => !(name in migrations))
  if (unknown.length === 0) return new Set(applied)
  const sentence = `The database was written by a newer Carillon (it has ${unknown.join(', ')}). Start that version, or restore a backup made by this one.`
  throw new StoreError('database_newer', sentence)
}
