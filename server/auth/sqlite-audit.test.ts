import { expect, test } from 'vitest'
import { startAuth } from './auth-fixture.ts'

test('no entry is replaced by another of the same id', async () => {
  await using server = await startAuth()
  await server.auth.audit.record({ action: 'setup' })
  const statement = `insert or replace into audit_entries
    select id, time, action, 'failed', code, actor_kind, actor_id, actor_name, target_kind, target_id, target_name,
      address, request_id, details from audit_entries`
  await expect(server.database.run(statement)).rejects.toThrow(/added and nothing else/)
  expect(await server.database.all('select outcome from audit_entries')).toEqual([{ outcome: 'done' }])
})
