import type { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { PostgresTarget } from '#server/config/postgres-target.ts'
import { nodeSqliteDialect } from './node-sqlite.ts'
import type { PostgresPool } from './postgres.ts'
import type { Schema } from './schema.ts'
import { createSqliteTurns, type SqliteTurns } from './sqlite-turns.ts'
import { openHandle, type Store } from './store.ts'

/** Who is who and what they have: accounts, sessions, devices, keys, stars. The history of channels is not among them. */
export interface Records extends AsyncDisposable {
  readonly db: Kysely<Schema>
  /** For identity's own statements. */
  readonly engine: RecordsEngine
  /**
   * Brings the tables to this version, one process of all after the other. `identityTables` makes better-auth's, which
   * ours refer to.
   *
   * @throws StoreError `database_newer`, `migration_failed`
   */
  prepare(identityTables: (db: Kysely<unknown>) => Promise<void>): Promise<void>
  /** Whether they answer; found out within a second. */
  isUp(): Promise<boolean>
}

export type RecordsEngine =
  | { readonly dialect: 'sqlite'; readonly sqlite: DatabaseSync; readonly turns: SqliteTurns }
  | { readonly dialect: 'postgres'; readonly pool: PostgresPool }

export interface RecordsOptions {
  /** Where they are kept without a PostgreSQL. */
  readonly store: Pick<Store, 'path'>
  readonly target?: PostgresTarget | undefined
  readonly log: Logger
}

/** @throws StoreError */
export async function openRecords({ store, target, log }: RecordsOptions): Promise<Records> {
  if (target === undefined) return openSqliteRecords(store)
  // Loaded where it is used: most servers have none.
  const { openPostgresRecords } = await import('./postgres-records.ts')
  return openPostgresRecords({ target, log })
}

/** In the store's file, on a handle of their own. */
function openSqliteRecords({ path }: Pick<Store, 'path'>): Records {
  const sqlite = openHandle(path)
  const turns = createSqliteTurns()
  const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite, turns) })
  return {
    db,
    engine: { dialect: 'sqlite', sqlite, turns },
    // Ours were brought up to date when the store was opened; SQLite looks for what they refer to when rows are written.
    prepare: (identityTables) => identityTables(db as unknown as Kysely<unknown>),
    async isUp() {
      sqlite.exec('select 1')
      return true
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  }
}
