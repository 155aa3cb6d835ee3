import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { SqliteTurns } from '#server/store/sqlite-turns.ts'

/** What is bound to a placeholder. Instants are ISO 8601 text. */
export type SqlValue = string | number | boolean | null

/**
 * Queries as every engine takes them: placeholders are `?`; "user" and columns in camelCase stand in double quotes;
 * booleans are given as booleans, and come back as what the engine has for them. Rows are typed by the caller, who wrote
 * the columns into the query.
 */
export interface Rows {
  get<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** Answers how many rows were changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>
}

/** Identity's own way to the records. */
export interface Database extends Rows {
  /**
   * All of it or nothing of it. `work` uses what it is handed and waits for nothing else; after a statement that failed
   * there is no other.
   */
  transaction<T>(work: (rows: Rows) => Promise<T>): Promise<T>
}

/**
 * On a file. A transaction is over before the event loop turns: while one is open, a write on any other handle blocks the
 * event loop, which is the very thing that has to run for the transaction to end. What is awaited within it is settled
 * already, so that it stays within the microtasks of one turn; one that does not is rolled back.
 */
export function createSqliteDatabase(sqlite: DatabaseSync, turns: SqliteTurns): Database {
  // The queries are literals of this room: as many as there are in the source.
  const statements = new Map<string, StatementSync>()
  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = sqlite.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  function rowsBy(perform: <T>(statement: () => T) => Promise<T>): Rows {
    return {
      get: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        perform(() => prepared(sql).get(...values.map(bindable)) as Row | undefined),
      all: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        perform(() => prepared(sql).all(...values.map(bindable)) as Row[]),
      run: (sql, ...values) => perform(() => Number(prepared(sql).run(...values.map(bindable)).changes)),
    }
  }

  async function transact<T>(work: (rows: Rows) => Promise<T>): Promise<T> {
    let isOver = false
    const rows = rowsBy(async (statement) => {
      if (isOver) throw new Error('The transaction of this statement is over.')
      return statement()
    })
    sqlite.exec('BEGIN IMMEDIATE')
    const turnOver = Promise.withResolvers<never>()
    const turn = setImmediate(() => turnOver.reject(new Error(outlivedSentence)))
    try {
      const result = await Promise.race([work(rows), turnOver.promise])
      sqlite.exec('COMMIT')
      return result
    } catch (error) {
      // Some failures, such as a full disk, have rolled back already.
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      throw error
    } finally {
      isOver = true
      clearImmediate(turn)
    }
  }

  return { ...rowsBy(turns.outside), transaction: (work) => turns.alone(() => transact(work)) }
}

const outlivedSentence =
  'A transaction waited for something else than its own statements. Do that before or after it, and inside use only what it is handed.'

function bindable(value: SqlValue): SQLInputValue {
  return typeof value === 'boolean' ? Number(value) : value
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
