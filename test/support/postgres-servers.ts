import { beforeEach } from 'vitest'
import { postgresOfTest } from './postgres-database.ts'
import { databaseVariable } from './server-process.ts'

// The server that a test starts keeps its records on PostgreSQL.
beforeEach(async ({ task }) => {
  const target = await postgresOfTest(task.id)
  if (target === undefined) throw new Error('these tests run on PostgreSQL')
  const { host, port, user, password = '', database } = target
  process.env[databaseVariable] = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
})
