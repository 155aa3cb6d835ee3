import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { openHandle, openStore } from './store.ts'

test('a new database is private to its user and ready to use', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  await using store = await openStore({ path })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await store.db.insertInto('stars').values({ user_id: 'ada', channel: 'news:a', created_at: 'now' }).execute()
  expect(await store.db.selectFrom('stars').selectAll().execute()).toHaveLength(1)
})

test('records are there when the database is opened again', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  {
    await using store = await openStore({ path })
    await store.db.insertInto('stars').values({ user_id: 'ada', channel: 'news:a', created_at: 'now' }).execute()
  }
  await using store = await openStore({ path })
  expect(await store.db.selectFrom('stars').select('channel').execute()).toEqual([{ channel: 'news:a' }])
})

test('one that is up to date is opened while another process writes', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  await using first = await openStore({ path })
  first.sqlite.exec('BEGIN IMMEDIATE')
  const startedAt = performance.now()
  await using second = await openStore({ path })
  expect(second.sqlite.prepare('select count(*) as n from stars').get()).toEqual({ n: 0 })
  // Without waiting for the lock, which is waited for two seconds.
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  first.sqlite.exec('ROLLBACK')
})

test('a database from a newer version is refused and stays as it was', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  {
    await using store = await openStore({ path })
    store.sqlite.exec("insert into kysely_migration (name, timestamp) values ('9999-tomorrow', 'later')")
  }
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'database_newer',
    message: expect.stringContaining('9999-tomorrow'),
  })
})

test('a file that is no database is refused with a sentence', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  writeFileSync(path, 'this is not a database, it only sits in its place and is long enough to be read as a header')
  await expect(openStore({ path })).rejects.toMatchObject({ code: 'database_unreadable' })
})

test('a folder that cannot be written is refused with a sentence', async () => {
  const readOnly = join(temporaryFolder(), 'absent', 'carillon.sqlite')
  await expect(openStore({ path: readOnly })).rejects.toMatchObject({ code: 'data_folder_unwritable' })
})

test('a migration that fails half-way leaves nothing behind, so that a later start can do it', async () => {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  const database = new DatabaseSync(path)
  database.exec('create table enrolments (in_the_way)')
  await expect(openStore({ path })).rejects.toMatchObject({ code: 'migration_failed' })
  expect(database.prepare('select name from sqlite_schema').all()).toEqual([{ name: 'enrolments' }])
  database.exec('drop table enrolments')
  database.close()
  await using store = await openStore({ path })
  expect(await store.db.selectFrom('stars').selectAll().execute()).toEqual([])
})

test.each([
  ['normal', 1],
  ['full', 2],
] as const)('a handle of durability %s waits for the disk as SQLite has it at %i', (durability, synchronous) => {
  const handle = openHandle(join(temporaryFolder(), 'carillon.sqlite'), durability)
  expect(handle.prepare('pragma synchronous').get()).toEqual({ synchronous })
  handle.close()
})
