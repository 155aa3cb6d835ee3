import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/**
 * Identity's own way to the records, on a handle no other room uses. Everything here is synchronous on purpose: a
 * transaction that stays open across an `await` would let any other handle's write block the event loop, which is the
 * very thing that has to run for the transaction to end.
 *
 * Rows are typed by the caller, who wrote the columns into the query.
 */
export interface Database {
  get<Row>(sql: string, ...values: readonly SQLInputValue[]): Row | undefined
  all<Row>(sql: string, ...values: readonly SQLInputValue[]): Row[]
  /** Answers how many rows were changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number
  /** All of it or nothing of it. `work` cannot wait for anything. */
  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T
}

export function createDatabase(sqlite: DatabaseSync): Database {
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
  return {
    get: <Row>(sql: string, ...values: readonly SQLInputValue[]) => prepared(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: readonly SQLInputValue[]) => prepared(sql).all(...values) as Row[],
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    transaction(work) {
      sqlite.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        sqlite.exec('COMMIT')
        return result
      } catch (error) {
        sqlite.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** Whether a write was refused because the value has to be unique. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('UNIQUE constraint failed')
}
