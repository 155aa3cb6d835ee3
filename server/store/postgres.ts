import { readFileSync } from 'node:fs'
import { type PostgresPool as KyselyPool, PostgresDialect } from 'kysely'
import { type CustomTypesConfig, Pool, type PoolClient, type QueryResultRow, types } from 'pg'
import type { Logger } from 'pino'
import { describePostgres, type PostgresTarget } from '#server/config/postgres-target.ts'
import { recordsErrorOf } from './postgres-error.ts'
import { RecordsError } from './records-error.ts'
import { StoreError } from './store-error.ts'

/** Connections to PostgreSQL. Everything here throws `RecordsError`. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>
  /** Closes them all, once they are given back. */
  end(): Promise<void>
  readonly options: object
}

export interface PostgresConnection {
  query<Row>(sql: string, values?: readonly unknown[], types?: CustomTypesConfig): Promise<PostgresResult<Row>>
  /** Gives the connection back; one that has failed is closed. */
  release(destroy?: boolean): void
}

export interface PostgresResult<Row> {
  readonly command: 'UPDATE' | 'DELETE' | 'INSERT' | 'SELECT' | 'MERGE' | 'COMMIT' | 'ROLLBACK'
  readonly rowCount: number
  readonly rows: Row[]
}

export interface PostgresOptions {
  readonly target: PostgresTarget
  readonly log: Logger
  /** Connections of this process. Default 10. */
  readonly max?: number
  /** What one statement may take, in milliseconds. Default 5,000. */
  readonly statementMs?: number
}

const connectMs = 3_000

/** Who waits for a connection of this process; more are refused. Nobody waits longer than it may take to connect. */
const maxWaiting = 1_000

export function createPostgresPool({ target, log, max = 10, statementMs = 5_000 }: PostgresOptions): PostgresPool {
  const { host, port, database, user, password } = target
  const pool = new Pool({
    ...{ host, port, database, max },
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ssl: tlsOptions(target),
    application_name: 'carillon',
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementMs,
    // For a PostgreSQL that has stopped answering at all.
    query_timeout: statementMs + 2_000,
    idle_in_transaction_session_timeout: statementMs * 2,
    types: withNumbers,
  })
  let isAway = false
  let ended: Promise<void> | undefined

  // One that breaks while nobody uses it. Whoever uses one is told by what they asked.
  pool.on('error', noteAway)
  pool.on('connect', (client) => client.on('error', () => {}))

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work()
      if (isAway) log.info({ postgres: describePostgres(target) }, 'PostgreSQL is there')
      isAway = false
      return answer
    } catch (error) {
      const told = recordsErrorOf(error)
      if (told instanceof RecordsError && told.code === 'away') noteAway(error)
      throw told
    }
  }

  function noteAway(error: unknown): void {
    const cause = error instanceof RecordsError ? error.cause : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (!isAway) log.warn({ postgres: describePostgres(target), reason }, 'PostgreSQL is away')
    isAway = true
  }

  return {
    options: {},
    end: () => (ended ??= pool.end()),
    async connect() {
      if (pool.waitingCount >= maxWaiting) throw new RecordsError('busy')
      return connectionOf(await attempt(() => pool.connect().catch(neverConnected)), attempt)
    },
  }
}

/** Whatever it was, nothing was asked. */
function neverConnected(error: unknown): never {
  const told = recordsErrorOf(error)
  throw told instanceof RecordsError ? told : new RecordsError('away', { cause: error })
}

function connectionOf(client: PoolClient, attempt: <T>(work: () => Promise<T>) => Promise<T>): PostgresConnection {
  let isBroken = false
  return {
    async query<Row>(text: string, values: readonly unknown[] = [], types: CustomTypesConfig = withNumbers) {
      try {
        const result = await attempt(() => client.query<QueryResultRow>({ text, values: [...values], types }))
        return result as unknown as PostgresResult<Row>
      } catch (error) {
        isBroken ||= error instanceof RecordsError
        throw error
      }
    },
    release: (destroy = false) => client.release(destroy || isBroken),
  }
}

/** Kysely over such a pool. The cursors that its type asks for as well are for streams of rows, which nobody here reads. */
export function postgresDialect(pool: PostgresPool): PostgresDialect {
  return new PostgresDialect({ pool: pool as unknown as KyselyPool })
}

/** Counts and sums are numbers; none of ours is too large for that. */
const withNumbers: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.INT8 ? (text: string) => Number(text) : types.getTypeParser(oid, format),
}

function tlsOptions({ tls, rootCertificate }: PostgresTarget) {
  if (tls === 'disable') return false
  if (tls === 'require') return { rejectUnauthorized: false }
  if (rootCertificate === undefined) return true
  try {
    return { ca: readFileSync(rootCertificate, 'utf8') }
  } catch (cause) {
    const sentence = `The certificates ${rootCertificate} cannot be read. Correct sslrootcert in database_url.`
    throw new StoreError('database_refused', sentence, { cause })
  }
}
