import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type DatabaseConnection, SqliteDialect, type SqliteDialectConfig, SqliteDriver } from 'kysely'
import { createSqliteTurns, type SqliteTurns } from './sqlite-turns.ts'

/**
 * Kysely's own SQLite dialect over Node's built-in `node:sqlite`: it wants better-sqlite3's shape, of which only
 * `reader` (does this statement answer rows?) is missing in Node's. Each statement waits for its turn on the handle.
 */
export function nodeSqliteDialect(database: DatabaseSync, turns: SqliteTurns = createSqliteTurns()): SqliteDialect {
  const config: SqliteDialectConfig = {
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql)
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...bindable(parameters)),
          run: (parameters) => statement.run(...bindable(parameters)),
          iterate: (parameters) => statement.iterate(...bindable(parameters)),
        }
      },
    },
  }
  const dialect = new SqliteDialect(config)
  dialect.createDriver = () => new DriverInTurns(config, turns)
  return dialect
}

class DriverInTurns extends SqliteDriver {
  readonly #turns: SqliteTurns
  constructor(config: SqliteDialectConfig, turns: SqliteTurns) {
    super(config)
    this.#turns = turns
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection()
    return {
      executeQuery: async (query, options) => this.#turns.outside(() => connection.executeQuery(query, options)),
      streamQuery: (query, chunkSize, options) => connection.streamQuery(query, chunkSize, options),
    }
  }
}

/** Kysely types parameters as unknown; the tables' types let only these through. */
function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[]
}
