import { pino } from 'pino'
import { expect, inject, test } from 'vitest'
import { createAuth } from '#server/auth/create-auth.ts'
import type { PostgresTarget } from '#server/config/postgres-target.ts'
import { asAdministrator } from '#test/support/postgres.ts'
import { emptyPostgres } from '#test/support/postgres-database.ts'
import { freePort } from '#test/support/server-process.ts'
import { createMemoryEphemeral } from './memory-ephemeral.ts'
import { createPostgresPool } from './postgres.ts'
import { openPostgresRecords } from './postgres-records.ts'

const log = pino({ level: 'silent' })

/** A node's identity on these records, from its start to its end. */
async function startNode(target: PostgresTarget, secret = 's'.repeat(43)): Promise<void> {
  await using records = await openPostgresRecords({ target, log })
  await using ephemeral = createMemoryEphemeral()
  const options = { baseUrl: 'http://127.0.0.1:8750', secret, isShared: true, sweeps: false }
  await using auth = await createAuth({ ...options, records, ephemeral, log })
  expect(await auth.setup.isDone()).toBe(false)
}

test('nodes that start at the same time on an empty database all come up', async () => {
  const target = await emptyPostgres()
  await Promise.all([startNode(target), startNode(target), startNode(target)])
  await startNode(target)
})

test('a node with another secret is refused, and told how it may begin anew', async () => {
  const target = await emptyPostgres()
  await startNode(target)
  const other = startNode(target, 't'.repeat(43))
  await expect(other).rejects.toMatchObject({ code: 'secret_differs', message: expect.stringContaining('delete from') })
  await asAdministrator(inject('postgres'), 'delete from secret_check', target.database)
  await startNode(target, 't'.repeat(43))
})

test('a database from a newer version is refused', async () => {
  const target = await emptyPostgres()
  await startNode(target)
  const newer = `insert into kysely_migration (name, timestamp) values ('9999-tomorrow', 'later')`
  await asAdministrator(inject('postgres'), newer, target.database)
  await expect(startNode(target)).rejects.toMatchObject({
    code: 'database_newer',
    message: expect.stringContaining('9999-tomorrow'),
  })
})

test('what keeps the server from its records is told, without the password', async () => {
  const target = await emptyPostgres()
  const codeOf = async (changed: Partial<PostgresTarget>) => {
    const error = await openPostgresRecords({ target: { ...target, ...changed }, log, patienceMs: 300 }).catch((e) => e)
    expect(error.message).toMatch(/^(There is no database|PostgreSQL does not) .*(database_url)/)
    expect(error.message).not.toContain(target.password)
    return error.code
  }
  expect(await codeOf({ password: 'another' })).toBe('database_refused')
  expect(await codeOf({ user: 'nobody-here' })).toBe('database_refused')
  expect(await codeOf({ database: 'not-there' })).toBe('database_missing')
  expect(await codeOf({ port: await freePort() })).toBe('database_unreachable')
  // This one speaks no TLS.
  expect(await codeOf({ tls: 'verify-full' })).toBe('database_refused')
})

test('a user who may not create tables is told so', async () => {
  const target = await emptyPostgres()
  await asAdministrator(inject('postgres'), 'revoke create on schema public from public', target.database)
  await asAdministrator(inject('postgres'), `alter schema public owner to postgres`, target.database)
  await expect(startNode(target)).rejects.toMatchObject({
    code: 'database_refused',
    message: expect.stringContaining('right to create tables'),
  })
})

test('a version that is too old is refused', async () => {
  const target = await emptyPostgres()
  const older = `create schema older;
    create function older.current_setting(text) returns text language sql as $$ select '120022' $$;
    grant usage on schema older to carillon;
    alter database "${target.database}" set search_path = older, pg_catalog, public`
  await asAdministrator(inject('postgres'), older, target.database)
  await expect(openPostgresRecords({ target, log })).rejects.toMatchObject({
    code: 'database_too_old',
    message: expect.stringContaining('has version 12. Carillon needs 13'),
  })
})

test('when more wait for a connection than can be served, the next is refused at once', async () => {
  const pool = createPostgresPool({ target: await emptyPostgres(), log, max: 1 })
  const held = await pool.connect()
  const waiting = Array.from({ length: 1_000 }, () => pool.connect())
  await expect(pool.connect()).rejects.toMatchObject({ name: 'RecordsError', code: 'busy' })
  held.release()
  for (const connecting of waiting) (await connecting).release()
  await pool.end()
})
