import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import * as stars from './migrations/0001-stars.ts'
import * as publications from './migrations/0002-publications.ts'
import * as identity from './migrations/0003-identity.ts'
import * as streams from './migrations/0004-streams.ts'
import * as records from './migrations/0005-records.ts'
import * as streamBoot from './migrations/0005-stream-boot.ts'
import * as audit from './migrations/0006-audit.ts'
import * as sessions from './migrations/0007-sessions.ts'
import * as factor from './migrations/0008-factor.ts'
import * as tasks from './migrations/0009-tasks.ts'
import * as fleet from './migrations/0010-fleet.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/**
 * Every migration in order, and what its tables are. A released one never changes; the next gets the next number. Those of
 * records run on SQLite and on PostgreSQL.
 */
export const migrations: Readonly<Record<string, Migration & { readonly of: 'records' | 'history' }>> = {
  '0001-stars': { up: stars.up, of: 'records' },
  '0002-publications': { up: publications.up, of: 'history' },
  '0003-identity': { up: identity.up, of: 'records' },
  '0004-streams': { up: streams.up, of: 'history' },
  '0005-stream-boot': { up: streamBoot.up, of: 'history' },
  '0006-audit': { up: audit.up, of: 'records' },
  '0007-sessions': { up: sessions.up, of: 'records' },
  '0008-factor': { up: factor.up, of: 'records' },
  '0009-tasks': { up: tasks.up, of: 'records' },
  '0010-fleet': { up: fleet.up, of: 'records' },
}

/** The first of a PostgreSQL, in place of those up to its number. */
const baseline = '0005-records'

const recordsMigrations: Readonly<Record<string, Migration>> = {
  [baseline]: { up: records.up },
  ...Object.fromEntries(
    Object.entries(migrations).filter(([name, { of }]) => of === 'records' && name.slice(0, 4) > baseline.slice(0, 4)),
  ),
}

/**
 * Brings the schema up to this version; a second run does nothing. All of it or nothing: Kysely opens no transaction on
 * SQLite by itself, and a start that was killed half-way would leave tables that no later start can create.
 *
 * @throws StoreError `database_newer` when a later Carillon has been here, `migration_failed`
 */
export async function migrate(db: Kysely<Schema>, sqlite: DatabaseSync): Promise<void> {
  // Another process of this server may be writing: without need its lock is not waited for.
  if (await isUpToDate(db, migrations)) return
  sqlite.exec('BEGIN IMMEDIATE')
  const { error } = await migratorOf(db, migrations).migrateToLatest()
  if (error === undefined) {
    sqlite.exec('COMMIT')
    return
  }
  if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
  throw migrationFailed(error)
}

/**
 * The same for the records alone, on PostgreSQL, where Kysely opens a transaction.
 *
 * @throws StoreError `database_newer`, `migration_failed`
 */
export async function migrateRecords(db: Kysely<unknown>): Promise<void> {
  if (await isUpToDate(db, recordsMigrations)) return
  const { error } = await migratorOf(db, recordsMigrations).migrateToLatest()
  if (error !== undefined) throw migrationFailed(error)
}

type Known = Readonly<Record<string, Migration>>

function migratorOf<Tables>(db: Kysely<Tables>, known: Known): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...known }) } })
}

function migrationFailed(cause: unknown): StoreError {
  const sentence =
    'The database could not be brought to this version and was left as it was. Keep a copy and report this.'
  return new StoreError('migration_failed', sentence, { cause })
}

/** @throws StoreError `database_newer` */
async function isUpToDate<Tables>(db: Kysely<Tables>, known: Known): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return false
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  const applied = new Set(rows.map((row) => row.name))
  const unknown = [...applied].filter((name) => !(name in known))
  if (unknown.length === 0) return Object.keys(known).every((name) => applied.has(name))
  const sentence = `The database was written by a newer Carillon (it has ${unknown.join(', ')}). Start that version, or restore a backup made by this one.`
  throw new StoreError('database_newer', sentence)
}
