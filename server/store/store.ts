import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { migrate } from './migrate.ts'
import { nodeSqliteDialect } from './node-sqlite.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** The records: one SQLite file. */
export interface Store extends AsyncDisposable {
  readonly path: string
  readonly db: Kysely<Schema>
  /** The handle under `db`, for prepared statements on hot paths. */
  readonly sqlite: DatabaseSync
}

/**
 * Opens the file, creating it with mode 0600, and brings it to this version's schema.
 *
 * @throws StoreError `data_folder_unwritable`, `database_unreadable`, `database_newer`, `migration_failed`
 */
export async function openStore({ path }: { readonly path: string }): Promise<Store> {
  const sqlite = openHandle(path)
  const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) })
  try {
    await migrate(db, sqlite)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { path, db, sqlite, [Symbol.asyncDispose]: () => db.destroy() }
}

/** What a commit survives: `normal` the end of the process, however it comes; `full` also that of the machine. */
export type Durability = 'normal' | 'full'

/**
 * A handle as every part of the server should have it: WAL, so that readers never wait for a writer, and usually NORMAL,
 * which survives SIGKILL without an fsync for each commit.
 */
export function openHandle(path: string, durability: Durability = 'normal'): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    chmodSync(path, 0o600)
    database.exec('PRAGMA busy_timeout = 2000')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
    database.exec('PRAGMA foreign_keys = ON')
    return database
  } catch (error) {
    database?.close()
    throw openError(path, error)
  }
}

function openError(path: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (/not a database|malformed/.test(reason)) {
    const sentence = `${path} is not a database that can be read. Restore it from a backup, or start with another --data folder.`
    return new StoreError('database_unreadable', sentence, { cause })
  }
  const sentence = `The database ${path} cannot be opened for writing (${reason}). Make its folder writable for this user, or choose another with --data.`
  return new StoreError('data_folder_unwritable', sentence, { cause })
}
