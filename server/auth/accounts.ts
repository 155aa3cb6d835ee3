import { randomUUID } from 'node:crypto'
import type { Role } from '#protocol/roles.ts'
import { AuthError } from './auth-error.ts'
import { isTaken, type Rows } from './database.ts'

/** Whom an account stands for. Only a person signs in with a password. */
export type AccountKind = 'person' | 'device' | 'service'

export interface NewAccount {
  readonly kind: AccountKind
  readonly email: string
  readonly name: string
  readonly role: Role
  /** What is stored of the password; null when the account cannot sign in with one. */
  readonly passwordHash: string | null
  readonly createdAt: Date
}

/**
 * Writes an account into better-auth's tables and answers its id. By hand, and called inside a transaction: better-auth
 * would take several steps with other work in between, and an account without its password, or an administrator
 * without the set-up link being used up, must not exist for a moment.
 *
 * @throws AuthError `already_exists`
 */
export async function insertAccount(rows: Rows, account: NewAccount): Promise<string> {
  const id = randomUUID()
  const at = account.createdAt.toISOString()
  try {
    await rows.run(
      `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role, kind, banned)
       values (?, ?, ?, true, ?, ?, ?, ?, false)`,
      id,
      account.name,
      account.email.toLowerCase(),
      at,
      at,
      account.role,
      account.kind,
    )
  } catch (error) {
    if (!isTaken(error)) throw error
    throw new AuthError('already_exists', 'Somebody with this e-mail address exists already. Use another address.', {
      cause: error,
    })
  }
  if (account.passwordHash !== null) {
    await rows.run(
      `insert into account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
       values (?, ?, 'credential', ?, ?, ?, ?)`,
      randomUUID(),
      id,
      id,
      account.passwordHash,
      at,
      at,
    )
  }
  return id
}

/** An address that can never be written to (RFC 2606), for accounts that are not people. */
export function reservedEmail(kind: 'device' | 'service'): string {
  return `${kind}-${randomUUID()}@carillon.invalid`
}
