import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { nodeSqliteDialect } from '#server/store/node-sqlite.ts'
import { createSqliteTurns } from '#server/store/sqlite-turns.ts'
import { isTaken } from './database.ts'
import { createSqliteDatabase } from './sqlite-database.ts'

function openDatabase() {
  const sqlite = new DatabaseSync(':memory:')
  sqlite.exec('create table bells (name text primary key, rings integer)')
  const turns = createSqliteTurns()
  const kysely = new Kysely<{ bells: { name: string } }>({ dialect: nodeSqliteDialect(sqlite, turns) })
  const names = () => sqlite.prepare('select name from bells order by name').all()
  return { database: createSqliteDatabase(sqlite, turns), kysely, names }
}

const insert = 'insert into bells (name) values (?)'

test('a transaction that fails leaves nothing behind, and what others write meanwhile stays', async () => {
  const { database, kysely, names } = openDatabase()
  const failing = database.transaction(async (rows) => {
    await rows.run(insert, 'inside')
    await rows.get('select 1')
    throw new Error('no')
  })
  const beside = database.run(insert, 'beside')
  const besideByKysely = kysely.insertInto('bells').values({ name: 'kysely' }).execute()
  await expect(failing).rejects.toThrow('no')
  await Promise.all([beside, besideByKysely])
  expect(names()).toEqual([{ name: 'beside' }, { name: 'kysely' }])
})

test('transactions on one handle follow each other', async () => {
  const { database } = openDatabase()
  await database.run('insert into bells (name, rings) values (?, 0)', 'great')
  const ring = () =>
    database.transaction(async (rows) => {
      const row = await rows.get<{ rings: number }>('select rings from bells')
      await rows.run('update bells set rings = ?', (row?.rings ?? 0) + 1)
    })
  await Promise.all([ring(), ring(), ring()])
  expect(await database.all('select rings from bells')).toEqual([{ rings: 3 }])
})

test('a transaction that waits for something else is rolled back, and what it does later is refused', async () => {
  const { database, names } = openDatabase()
  const late = Promise.withResolvers<unknown>()
  const transaction = database.transaction(async (rows) => {
    await rows.run(insert, 'early')
    await new Promise((resolve) => setTimeout(resolve, 1))
    await rows.run(insert, 'late').catch(late.resolve)
  })
  await expect(transaction).rejects.toThrow('waited for something else')
  expect(await late.promise).toMatchObject({ message: expect.stringContaining('over') })
  await database.run(insert, 'next')
  expect(names()).toEqual([{ name: 'next' }])
})

test('a transaction within itself is refused instead of waiting for ever', async () => {
  const { database } = openDatabase()
  await expect(database.transaction(() => database.run(insert, 'inside'))).rejects.toThrow('waited for something else')
})

test('what is taken is told from other failures', async () => {
  const { database } = openDatabase()
  await database.run(insert, 'great')
  const taken = await database.run(insert, 'great').catch((error: unknown) => error)
  const other = await database.run('insert into nowhere values (1)').catch((error: unknown) => error)
  expect([isTaken(taken), isTaken(other)]).toEqual([true, false])
})

test('booleans are bound as what SQLite has for them', async () => {
  const { database } = openDatabase()
  expect(await database.get('select ? as yes, ? as no', true, false)).toEqual({ yes: 1, no: 0 })
})
