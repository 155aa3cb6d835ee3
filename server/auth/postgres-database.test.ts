import { pino } from 'pino'
import { expect, inject, test } from 'vitest'
import type { PostgresTarget } from '#server/config/postgres-target.ts'
import { openPostgresRecords } from '#server/store/postgres-records.ts'
import { asAdministrator } from '#test/support/postgres.ts'
import { emptyPostgres } from '#test/support/postgres-database.ts'
import { type Database, isTaken, openIdentityRecords } from './database.ts'

const insert = 'insert into bells (name) values (?)'

async function openDatabase() {
  const target = await emptyPostgres()
  const records = await openPostgresRecords({ target, log: pino({ level: 'silent' }) })
  const { database } = await openIdentityRecords(records)
  await database.run('create table bells (name text primary key, rings integer not null default 0)')
  return { target, database, [Symbol.asyncDispose]: () => records[Symbol.asyncDispose]() }
}

const names = (database: Database) => database.all('select name from bells order by name')

test('a transaction that fails leaves nothing behind, and what others write meanwhile stays', async () => {
  await using opened = await openDatabase()
  const { database } = opened
  const failing = database.transaction(async (rows) => {
    await rows.run(insert, 'inside')
    throw new Error('no')
  })
  await Promise.all([expect(failing).rejects.toThrow('no'), database.run(insert, 'beside')])
  expect(await names(database)).toEqual([{ name: 'beside' }])
})

test('transactions that read the same and write it are carried out one after the other', async () => {
  await using opened = await openDatabase()
  const { database } = opened
  await database.run(insert, 'great')
  const ring = () =>
    database.transaction(async (rows) => {
      const row = await rows.get<{ rings: number }>('select rings from bells')
      await rows.run('update bells set rings = ?', (row?.rings ?? 0) + 1)
    })
  await Promise.all(Array.from({ length: 5 }, ring))
  expect(await database.all('select rings from bells')).toEqual([{ rings: 5 }])
})

test('two of which each looks whether the other is there do not both go', async () => {
  await using opened = await openDatabase()
  const { database } = opened
  await database.run(insert, 'great')
  await database.run(insert, 'small')
  const leave = (name: string) =>
    database.transaction((rows) =>
      rows.run('delete from bells where name = ? and exists (select 1 from bells where name <> ?)', name, name),
    )
  expect((await Promise.all([leave('great'), leave('small')])).sort()).toEqual([0, 1])
})

test('rows look as they do in a file', async () => {
  await using opened = await openDatabase()
  const row = await opened.database.get(
    `select count(*) as count, timestamptz '2026-01-02 03:04:05.678+00' as at, '{"a": 1}'::jsonb as json, ? as text from bells`,
    'what?',
  )
  expect(row).toEqual({ count: 0, at: '2026-01-02T03:04:05.678Z', json: '{"a": 1}', text: 'what?' })
})

test('what is taken is told from other failures', async () => {
  await using opened = await openDatabase()
  const { database } = opened
  await database.run(insert, 'great')
  const taken = await database.run(insert, 'great').catch((error: unknown) => error)
  const other = await database.run('insert into nowhere values (1)').catch((error: unknown) => error)
  expect([isTaken(taken), isTaken(other)]).toEqual([true, false])
})

test('a connection that breaks off in a transaction undoes it, is told as unavailable, and the next one works', async () => {
  await using opened = await openDatabase()
  const { database, target } = opened
  const broken = database.transaction(async (rows) => {
    await rows.run(insert, 'inside')
    await breakOff(target)
    await rows.run(insert, 'more')
  })
  await expect(broken).rejects.toMatchObject({ name: 'AuthError', code: 'unavailable', retryAfter: 1 })
  expect(await names(database)).toEqual([])
  await breakOff(target)
  await expect.poll(() => names(database).catch(() => 'not yet')).toEqual([])
})

async function breakOff({ database }: PostgresTarget): Promise<void> {
  const statement = `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${database}'`
  await asAdministrator(inject('postgres'), statement)
}
