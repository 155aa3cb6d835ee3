import { pino } from 'pino'
import type { TestProject } from 'vitest/node'
import { createAuth } from '#server/auth/create-auth.ts'
import { databaseUrl } from '#server/config/postgres-target.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { openPostgresRecords } from '#server/store/postgres-records.ts'
import { noteRows, startPostgres } from './postgres.ts'
import { templateDatabase } from './postgres-database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The administrator's address of the PostgreSQL that this run's tests have in common. */
    postgres: string
  }
}

/** One PostgreSQL for the run, with a database as a server of this version leaves it: each test has a copy of that. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres()
  await postgres.createDatabase(templateDatabase)
  const log = pino({ level: 'silent' })
  {
    await using records = await openPostgresRecords({ target: databaseUrl.parse(postgres.url(templateDatabase)), log })
    await using ephemeral = createMemoryEphemeral()
    const options = { baseUrl: 'http://127.0.0.1:8750', secret: 's'.repeat(43), sweeps: false }
    await using _auth = await createAuth({ ...options, records, ephemeral, log })
  }
  await noteRows(postgres.adminUrl, templateDatabase)
  project.provide('postgres', postgres.adminUrl)
  return async () => await postgres[Symbol.asyncDispose]()
}
