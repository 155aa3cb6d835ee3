import { setTimeout as pause } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { type CustomTypesConfig, types } from 'pg'
import { type PostgresConnection, type PostgresPool, postgresDialect } from '#server/store/postgres.ts'
import { isConflict } from '#server/store/postgres-error.ts'
import { RecordsError } from '#server/store/records-error.ts'
import { AuthError } from './auth-error.ts'
import type { Database, IdentityRecords, Rows, SqlValue } from './database.ts'

/** How often a transaction is tried that others were in the way of. */
const attempts = 8

/** On PostgreSQL. What it does not answer is `unavailable`: nobody is told that they are signed out. */
export function openPostgresDatabase(given: PostgresPool): IdentityRecords {
  const pool = withAuthErrors(given)

  async function transact<T>(connection: PostgresConnection, work: (rows: Rows) => Promise<T>): Promise<T> {
    // Serializable: what one has looked at before it wrote is still so when it has written, as on SQLite.
    await connection.query('begin isolation level serializable')
    try {
      const result = await work(rowsOf((sql, values) => connection.query(sql, values, asOnSqlite)))
      await connection.query('commit')
      return result
    } catch (error) {
      await rollBack(connection)
      throw error
    }
  }

  const database: Database = {
    ...rowsOf((sql, values) => withConnection(pool, (connection) => connection.query(sql, values, asOnSqlite))),
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await withConnection(pool, (connection) => transact(connection, work))
        } catch (error) {
          if (!isConflict(error)) throw error
          if (attempt === attempts) throw unavailable(new RecordsError('busy', { cause: error }))
          await pause(Math.random() * 5 * 2 ** attempt)
        }
      }
    },
  }
  const db = new Kysely<unknown>({ dialect: postgresDialect(pool) })
  return { database, betterAuth: { db, type: 'postgres', transaction: true } }
}

type Query = (sql: string, values: readonly SqlValue[]) => ReturnType<PostgresConnection['query']>

function rowsOf(query: Query): Rows {
  return {
    get: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
      (await query(numbered(sql), values)).rows[0] as Row | undefined,
    all: async <Row>(sql: string, ...values: readonly SqlValue[]) => (await query(numbered(sql), values)).rows as Row[],
    run: async (sql, ...values) => (await query(numbered(sql), values)).rowCount ?? 0,
  }
}

async function withConnection<T>(pool: PostgresPool, work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  try {
    return await work(connection)
  } finally {
    connection.release()
  }
}

async function rollBack(connection: PostgresConnection): Promise<void> {
  try {
    await connection.query('rollback')
  } catch {
    // What made it fail is told already, and a connection that failed is not used again.
  }
}

/** The queries are literals of this room: as many as there are in the source. */
const numberedQueries = new Map<string, string>()

/** `?` becomes `$1`, `$2`, … None of our queries has one in a text. */
function numbered(sql: string): string {
  let known = numberedQueries.get(sql)
  if (known === undefined) {
    let count = 0
    known = sql.replaceAll('?', () => `$${++count}`)
    numberedQueries.set(sql, known)
  }
  return known
}

const { INT8, NUMERIC, TIMESTAMPTZ, JSON: json, JSONB } = types.builtins

/** Rows look as they do on SQLite: counts are numbers, instants ISO 8601, JSON is text. Only booleans are booleans. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [NUMERIC, Number],
  [TIMESTAMPTZ, (text) => new Date(text).toISOString()],
  [json, String],
  [JSONB, String],
])

const asOnSqlite: CustomTypesConfig = {
  getTypeParser: (oid, format) => parsers.get(oid) ?? types.getTypeParser(oid, format),
}

/** The same pool, for this room and for better-auth, whose errors are all answered by their code. */
function withAuthErrors(pool: PostgresPool): PostgresPool {
  return {
    ...pool,
    async connect() {
      const connection = await pool.connect().catch(rethrow)
      return {
        query: (sql, values, given) => connection.query<never>(sql, values, given).catch(rethrow),
        release: connection.release,
      }
    },
  }
}

function rethrow(error: unknown): never {
  throw error instanceof RecordsError ? unavailable(error) : error
}

function unavailable(cause: RecordsError): AuthError {
  return new AuthError('unavailable', cause.message, { cause, retryAfter: 1 })
}
