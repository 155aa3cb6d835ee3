import { expect, test } from 'vitest'
import { startAuth } from './auth-fixture.ts'

test('the record is not emptied at a stroke', async () => {
  await using server = await startAuth()
  await server.auth.audit.record({ action: 'setup' })
  await expect(server.database.run('truncate audit_entries')).rejects.toThrow(/added and nothing else/)
  expect(await server.database.all('select outcome from audit_entries')).toEqual([{ outcome: 'done' }])
})
