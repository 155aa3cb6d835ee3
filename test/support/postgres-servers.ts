import { beforeAll, beforeEach } from 'vitest'
import { makeDatabase } from './postgres-database.ts'
import { databaseVariable } from './server-process.ts'

// Whoever starts a server, a file for all its tests or a test for itself, has it keep its records on PostgreSQL.
beforeAll(useNewDatabase)
beforeEach(useNewDatabase)

async function useNewDatabase(): Promise<void> {
  const { host, port, user, password = '', database } = await makeDatabase()
  process.env[databaseVariable] = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}
