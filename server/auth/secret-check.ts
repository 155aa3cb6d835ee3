import { createHmac } from 'node:crypto'
import type { Database } from './database.ts'
import { SecretFileError } from './secret-file.ts'

/**
 * Refuses a secret that is not the one of the other nodes with these records: sessions of one would be void at another,
 * as if people had been signed out.
 *
 * @throws SecretFileError `secret_differs`
 */
export async function checkSecret(database: Database, secret: string): Promise<void> {
  const check = createHmac('sha256', secret).update('carillon secret check').digest('base64url')
  await database.run('insert into secret_check (id, value) values (1, ?) on conflict (id) do nothing', check)
  const known = await database.get<{ value: string }>('select value from secret_check where id = 1')
  if (known?.value === check) return
  const sentence =
    'The accounts in this database belong to another secret. Copy secret.key from a node that uses it, or set "secret". To begin anew with this one, which signs everybody out, run "delete from secret_check" in the database.'
  throw new SecretFileError('secret_differs', sentence)
}
