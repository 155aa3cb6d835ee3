import type { Kysely } from 'kysely'
import type { Records } from '#server/store/records.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

/** What is bound to a placeholder. Instants are ISO 8601 text. */
export type SqlValue = string | number | boolean | Uint8Array | null

/**
 * Queries as every engine takes them: placeholders are `?`; "user" and columns in camelCase stand in double quotes;
 * booleans are given as booleans, and come back as what the engine has for them. Rows are typed by the caller, who wrote
 * the columns into the query.
 */
export interface Rows {
  /** At once where it can be: who is connecting is read for every connection. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined | Promise<Row | undefined>
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** Answers how many rows were changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>
}

/** Identity's own way to the records. */
export interface Database extends Rows {
  /**
   * All of it or nothing of it, as if nobody else were there. `work` uses what it is handed and waits for nothing else;
   * after a statement that failed there is no other. It may be carried out anew when others were in its way, so it
   * changes nothing but rows.
   */
  transaction<T>(work: (rows: Rows) => Promise<T>): Promise<T>
}

/** The records as identity reads and writes them: by itself, and through better-auth. */
export interface IdentityRecords {
  readonly database: Database
  /** Where better-auth keeps its tables. */
  readonly betterAuth: {
    readonly db: Kysely<unknown>
    readonly type: 'sqlite' | 'postgres'
    readonly transaction: boolean
  }
}

export async function openIdentityRecords({ engine, db }: Pick<Records, 'engine' | 'db'>): Promise<IdentityRecords> {
  if (engine.dialect === 'sqlite') return openSqliteDatabase(engine, db)
  // Loaded where it is used: most servers have none.
  const { openPostgresDatabase } = await import('./postgres-database.ts')
  return openPostgresDatabase(engine.pool)
}

/** SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY. */
const sqliteTaken: ReadonlySet<unknown> = new Set([2067, 1555])

/** PostgreSQL's unique_violation. */
const postgresTaken = '23505'

/** Whether a write was refused because the value has to be unique. */
export function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('errcode' in error && sqliteTaken.has(error.errcode)) || ('code' in error && error.code === postgresTaken)
}
