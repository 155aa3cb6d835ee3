import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import type { Records } from '#server/store/records.ts'
import type { SqliteTurns } from '#server/store/sqlite-turns.ts'
import type { Database, IdentityRecords, Rows, SqlValue } from './database.ts'

/** In a file. */
export function openSqliteDatabase(
  { sqlite, turns }: Extract<Records['engine'], { dialect: 'sqlite' }>,
  db: Records['db'],
): IdentityRecords {
  return {
    database: createSqliteDatabase(sqlite, turns),
    // Without transactions: node:sqlite is synchronous, and one that stays open while better-auth awaits something
    // would make every other handle's write block the event loop until it fails. What has to be atomic is written by
    // this room itself (accounts.ts).
    betterAuth: { db: db as unknown as Kysely<unknown>, type: 'sqlite', transaction: false },
  }
}

/**
 * A transaction is over before the event loop turns: while one is open, a write on any other handle blocks the
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

  function rowsBy(perform: <T>(statement: () => T) => T | Promise<T>): Rows {
    return {
      get: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        perform(() => prepared(sql).get(...values.map(bindable)) as Row | undefined),
      all: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
        perform(() => prepared(sql).all(...values.map(bindable)) as Row[]),
      run: async (sql, ...values) => perform(() => Number(prepared(sql).run(...values.map(bindable)).changes)),
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
