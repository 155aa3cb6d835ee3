import { setTimeout as pause } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { describePostgres, type PostgresTarget } from '#server/config/postgres-target.ts'
import { migrateRecords } from './migrate.ts'
import { createPostgresPool, type PostgresOptions, type PostgresPool, postgresDialect } from './postgres.ts'
import { isWorthWaiting, startError } from './postgres-error.ts'
import type { Records } from './records.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

export interface PostgresRecordsOptions extends Pick<PostgresOptions, 'target' | 'log'> {
  /** How long to wait for PostgreSQL at the start, in milliseconds. Default 10,000: both may be starting. */
  readonly patienceMs?: number
}

export interface PostgresRecords extends Records {
  /** As `15`. */
  readonly version: number
}

/** @throws StoreError `database_unreachable`, `database_refused`, `database_missing`, `database_too_old` */
export async function openPostgresRecords({
  target,
  log,
  patienceMs = 10_000,
}: PostgresRecordsOptions): Promise<PostgresRecords> {
  const pool = createPostgresPool({ target, log })
  let version: number
  try {
    version = await firstAnswer(pool, patienceMs)
    refuseOld(version, target)
    log.info({ postgres: describePostgres(target), version }, 'PostgreSQL is there')
  } catch (error) {
    await pool.end()
    throw startError(error, target, 'opening')
  }
  const db = new Kysely<Schema>({ dialect: postgresDialect(pool) })
  return {
    version,
    db,
    engine: { dialect: 'postgres', pool },
    prepare: (identityTables) => prepare({ target, log }, identityTables),
    isUp: () => answersInTime(pool),
    // Kysely closes only what it has used.
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

async function firstAnswer(pool: PostgresPool, patienceMs: number): Promise<number> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    try {
      return await versionOf(pool)
    } catch (error) {
      if (!isWorthWaiting(error) || performance.now() >= giveUpAt) throw error
      await pause(200)
    }
  }
}

async function versionOf(pool: PostgresPool): Promise<number> {
  const connection = await pool.connect()
  try {
    const { rows } = await connection.query<{ version: number }>(
      `select current_setting('server_version_num')::int / 10000 as version`,
    )
    return rows[0]?.version ?? 0
  } finally {
    connection.release()
  }
}

function refuseOld(version: number, target: PostgresTarget): void {
  if (version >= 13) return
  const sentence = `PostgreSQL for ${describePostgres(target)} has version ${version}. Carillon needs 13 or newer.`
  throw new StoreError('database_too_old', sentence)
}

async function answersInTime(pool: PostgresPool): Promise<boolean> {
  const answer = versionOf(pool).then(
    () => true,
    () => false,
  )
  return Promise.race([answer, pause(1_000, false, { ref: false })])
}

/** Any number, the same in all versions: nodes that start together bring the tables up to date one after the other. */
const migrationLock = 8_750_004

/** What changing tables may take, and waiting for another node that does. */
const migrationMs = 120_000

async function prepare(
  { target, log }: Pick<PostgresOptions, 'target' | 'log'>,
  identityTables: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> {
  // Connections of its own, with its own patience: one for the lock and one for the work.
  const pool = createPostgresPool({ target, log, max: 2, statementMs: migrationMs })
  const db = new Kysely<unknown>({ dialect: postgresDialect(pool) })
  try {
    const connection = await pool.connect()
    try {
      await connection.query('select pg_advisory_lock($1)', [migrationLock])
      await identityTables(db)
      await migrateRecords(db)
    } finally {
      // The lock goes with the connection.
      connection.release(true)
    }
  } catch (error) {
    throw startError(error, target, 'migrating')
  } finally {
    await pool.end()
  }
}
