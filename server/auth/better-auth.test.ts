import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createSqliteTurns } from '#server/store/sqlite-turns.ts'
import { openHandle, openStore } from '#server/store/store.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { baseUrl } from './auth-fixture.ts'
import { createBetterAuth } from './better-auth.ts'
import { createSqliteDatabase } from './database.ts'

test('better-auth holds no lock on the records while it waits for something', async () => {
  await using store = await openStore({ path: join(temporaryFolder(), 'carillon.sqlite') })
  store.sqlite.exec('PRAGMA busy_timeout = 0')
  const betterAuth = await createBetterAuth({
    sqlite: openHandle(store.path),
    turns: createSqliteTurns(),
    baseUrl,
    trustedOrigins: [],
    secret: 's'.repeat(43),
    database: createSqliteDatabase(openHandle(store.path), createSqliteTurns()),
    clock: Date.now,
    revocation: { publish: () => {}, onRevoked: () => () => {} },
    log: pino({ level: 'silent' }),
  })
  const { adapter, internalAdapter } = await betterAuth.$context
  await adapter.transaction(async () => {
    await internalAdapter.createUser({ name: 'Ada', email: 'ada@example.org', kind: 'person' }, { method: 'admin' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => store.sqlite.exec(`insert into stars values ('ada', 'news:a', 'now')`)).not.toThrow()
  })
  await betterAuth.close()
})
