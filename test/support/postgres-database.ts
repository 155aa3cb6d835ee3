import { randomUUID } from 'node:crypto'
import { inject, onTestFinished } from 'vitest'
import { databaseUrl, type PostgresTarget } from '#server/config/postgres-target.ts'
import { createDatabase, resetDatabase } from './postgres.ts'

export const templateDatabase = 'carillon_template'

/** What a test has opened, by the file it would be without a PostgreSQL: a server that starts again finds its records. */
const opened = new Map<string, PostgresTarget>()

/** Databases of earlier tests of this file, as they were before: making one takes longer than most tests. */
const free: PostgresTarget[] = []

/** A database of the test's own, where the tests run on PostgreSQL. */
export async function postgresOfTest(path: string): Promise<PostgresTarget | undefined> {
  const adminUrl = inject('postgres')
  if (adminUrl === undefined) return undefined
  const target = opened.get(path) ?? free.pop() ?? (await makeDatabase())
  if (opened.has(path)) return target
  opened.set(path, target)
  onTestFinished(async () => {
    opened.delete(path)
    await resetDatabase(adminUrl, target.database)
    free.push(target)
  })
  return target
}

/** A database without any tables. */
export function emptyPostgres(): Promise<PostgresTarget> {
  return makeDatabase('template0')
}

/** A new database of the PostgreSQL that the tests have in common; it goes with that. */
export async function makeDatabase(template = templateDatabase): Promise<PostgresTarget> {
  const adminUrl = inject('postgres')
  const database = `test_${randomUUID().replaceAll('-', '')}`
  await createDatabase(adminUrl, database, template)
  return { ...databaseUrl.parse(adminUrl), database, user: 'carillon' }
}
