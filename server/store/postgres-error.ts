import { describePostgres, type PostgresTarget } from '#server/config/postgres-target.ts'
import { RecordsError } from './records-error.ts'
import { StoreError } from './store-error.ts'

/** What keeps PostgreSQL from answering anybody: the class, or the whole, of an SQLSTATE. */
const awayStates = [
  '08', // the connection
  '57P', // it stops, starts or has crashed
  '28', // it lets nobody in any more
  '3D', // the database is gone
  '53', // it has no connections, memory or disk left
  '25006', // it is a replica that takes no writes
  '57014', // the time-out of a statement
  '55P03', // the time-out of a lock
]

/** Two transactions were in each other's way, and this one was undone. */
const conflictStates: readonly unknown[] = ['40001', '40P01']

export function isConflict(error: unknown): boolean {
  return conflictStates.includes(codeOf(error))
}

/** A `RecordsError` when it is PostgreSQL that failed; what is wrong with a statement stays as it is. */
export function recordsErrorOf(error: unknown): unknown {
  if (error instanceof RecordsError || !(error instanceof Error)) return error
  const code = codeOf(error)
  if (isSqlState(code)) {
    return awayStates.some((state) => code.startsWith(state)) ? new RecordsError('away', { cause: error }) : error
  }
  // All connections of this process are in use.
  if (error.message === 'timeout exceeded when trying to connect') return new RecordsError('busy', { cause: error })
  return isLost(error) ? new RecordsError('away', { cause: error }) : error
}

/** Without an SQLSTATE it comes from the socket, which has a code, or from `pg`, which has only sentences. */
function isLost(error: Error): boolean {
  const code = codeOf(error)
  if (typeof code === 'string') return /^E(?!RR_)/.test(code)
  return /^(Connection terminated|Client (was closed|has encountered)|Query read timeout)/.test(error.message)
}

/** Why the server cannot start: `doing` is what it was at. */
export function startError(error: unknown, target: PostgresTarget, doing: 'opening' | 'migrating'): StoreError {
  if (error instanceof StoreError) return error
  const cause = causeOf(error)
  const code = codeOf(cause)
  const place = describePostgres(target)
  const reason = cause instanceof Error ? cause.message || String(code) : String(cause)
  if (code === '3D000') {
    const sentence = `There is no database ${place}. Create it (createdb ${target.database}), or correct database_url.`
    return new StoreError('database_missing', sentence, { cause })
  }
  if (isWorthWaiting(cause)) {
    const sentence = `PostgreSQL does not answer for ${place} (${reason}). Start it, or correct database_url.`
    return new StoreError('database_unreachable', sentence, { cause })
  }
  if (doing === 'opening' || (isSqlState(code) && ['28', '42501'].some((state) => code.startsWith(state)))) {
    const sentence = `PostgreSQL does not let Carillon into ${place} (${reason}). Correct user, password and sslmode in database_url, and give the user the right to create tables.`
    return new StoreError('database_refused', sentence, { cause })
  }
  const sentence = `The tables in ${place} could not be brought to this version (${reason}). Keep a copy and report this.`
  return new StoreError('migration_failed', sentence, { cause })
}

/** Whether waiting may help. */
export function isWorthWaiting(error: unknown): boolean {
  const cause = causeOf(error)
  const code = codeOf(cause)
  if (isSqlState(code)) return ['57P', '53', '08', '57014', '55P03'].some((state) => code.startsWith(state))
  return cause instanceof RecordsError || (cause instanceof Error && isLost(cause))
}

function causeOf(error: unknown): unknown {
  return error instanceof RecordsError ? (error.cause ?? error) : error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)
}
