import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openRecords } from '#server/store/records.ts'
import { openStore } from '#server/store/store.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { ada, address, baseUrl, browserSignedIn, enrolled, operator, password, startAuth } from './auth-fixture.ts'
import { createBetterAuth, migrateBetterAuth } from './better-auth.ts'
import { openIdentityRecords } from './database.ts'
import { createGrants } from './oauth/grants.ts'
import { sessionLifetimes } from './session-lifetimes.ts'

test('better-auth holds no lock on the records while it waits for something', async () => {
  await using store = await openStore({ path: join(temporaryFolder(), 'carillon.sqlite') })
  store.sqlite.exec('PRAGMA busy_timeout = 0')
  const log = pino({ level: 'silent' })
  await using records = await openRecords({ store, log })
  const { database, betterAuth: tables } = await openIdentityRecords(records)
  const revocation = { publish: () => {}, onRevoked: () => () => {} }
  const parts = {
    records: tables,
    database,
    clock: Date.now,
    baseUrl,
    trustedOrigins: [],
    secret: 's'.repeat(43),
    lifetimes: sessionLifetimes(),
    onSignIn: async () => {},
    ...{ revocation, grants: createGrants({ database, revocation, clock: Date.now }) },
    log,
  }
  await records.prepare((db) => migrateBetterAuth(parts, db))
  const betterAuth = createBetterAuth(parts)
  const { adapter, internalAdapter } = await betterAuth.$context
  await adapter.transaction(async () => {
    await internalAdapter.createUser({ name: 'Ada', email: 'ada@example.org', kind: 'person' }, { method: 'admin' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => store.sqlite.exec(`insert into stars values ('ada', 'news:a', 'now')`)).not.toThrow()
  })
})

test('writes of other rooms never meet a lock while people sign in and are created', { timeout: 60_000 }, async () => {
  // Seven real passwords, by a thread that stands back behind a loop that never rests.
  await using server = await startAuth({ passwords: undefined })
  const { auth, store } = server
  // Not a moment of patience: a lock that anybody holds across an await fails the next write.
  store.sqlite.exec('PRAGMA busy_timeout = 0')
  const write = store.sqlite.prepare(`insert or replace into stars values ('ada', 'news:a', ?)`)
  await auth.users.create(ada)
  let writes = 0
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      write.run(String(writes++))
      await new Promise((resolve) => setImmediate(resolve))
      await store.db.deleteFrom('stars').execute()
    }
  })()
  const cookie = await browserSignedIn(auth)
  const work = await Promise.allSettled([
    ...[1, 2, 3].map((n) => auth.users.create({ ...ada, email: `u${n}@example.org` })),
    ...[1, 2, 3].map(() => auth.signIn(ada.email, password, address)),
    browserSignedIn(auth, cookie),
    enrolled(auth),
    auth.keys.create('weather', ['publish'], operator),
    auth.issueAccessToken(operator),
  ])
  isOver = true
  await writing
  expect(work.filter(({ status }) => status === 'rejected')).toEqual([])
  expect(writes).toBeGreaterThan(50)
})

test('a write that meets the lock of another process fails as a whole, and the next one works', async () => {
  await using server = await startAuth()
  server.store.sqlite.exec('BEGIN IMMEDIATE')
  await expect(server.auth.keys.create('weather', ['publish'], operator)).rejects.toThrow('locked')
  server.store.sqlite.exec('ROLLBACK')
  expect((await server.auth.keys.list()).items).toEqual([])
  expect(await server.auth.keys.create('weather', ['publish'], operator)).toHaveProperty('key')
})

test('no entry of the audit record is replaced in passing, which no trigger for removal is told of', async () => {
  await using server = await startAuth()
  await server.auth.audit.record({ action: 'setup', actor: operator })
  const entries = () => server.database.all('select * from audit_entries')
  const before = await entries()
  const replace = 'insert or replace into audit_entries select * from audit_entries'
  await expect(server.database.run(replace)).rejects.toThrow(/added and nothing else/)
  expect(await entries()).toEqual(before)
})
