import { randomUUID } from 'node:crypto'
import type { PersonRole } from '#protocol/roles.ts'
import type { Database, Rows } from './database.ts'
import type { Passwords } from './passwords.ts'

/** A person's account, as signing in sees it. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: PersonRole
  readonly isDisabled: boolean
}

/** Who a password belongs to. */
export interface Credentials {
  /** Null when it is wrong. An account that does not exist, or has no password, takes as long. */
  check(email: string, password: string, options?: { readonly isKnown?: boolean }): Promise<Checked>
  /** Replaces whatever password there was; null leaves none that works. */
  set(rows: Rows, userId: string, passwordHash: string | null, at: Date): Promise<void>
  /** Whether the password that was checked is still the account's: looking at one takes long enough for it to be changed. */
  isStill(rows: Rows, checked: Checked): Promise<boolean>
}

export interface Checked {
  /** Whose account it is, whether or not the password was right. For the record alone. */
  readonly account: Person | null
  readonly isRight: boolean
  /** What is stored of the password that it was compared with. Never leaves this room. */
  readonly hash: string | null
}

const longestPassword = 128

export function createCredentials(database: Database, passwords: Passwords): Credentials {
  return {
    async check(email, password, { isKnown = false } = {}) {
      const row = await database.get<Row>(
        `select u.id, u.email, u.name, u.role, u.banned, a.password from "user" u
         left join account a on a."userId" = u.id and a."providerId" = 'credential'
         where u.email = ? and u.kind = 'person'`,
        email.toLowerCase(),
      )
      // Nobody has a longer one, and what is shortened is not what was given.
      const given = password.slice(0, longestPassword)
      const isVerified = await verified(row?.password ?? null, given, isKnown)
      const account = row === undefined ? null : personOf(row)
      const isRight = account !== null && isVerified && given === password
      return { account, isRight, hash: row?.password ?? null }
    },
    async set(rows, userId, passwordHash, at) {
      await rows.run(`delete from account where "userId" = ? and "providerId" = 'credential'`, userId)
      if (passwordHash === null) return
      await rows.run(
        `insert into account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
         values (?, ?, 'credential', ?, ?, ?, ?)`,
        ...[randomUUID(), userId, userId, passwordHash, at.toISOString(), at.toISOString()],
      )
    },
    async isStill(rows, { account, hash }) {
      if (account === null || hash === null) return false
      const row = await rows.get<{ password: string | null }>(
        `select password from account where "userId" = ? and "providerId" = 'credential'`,
        account.id,
      )
      return row?.password === hash
    },
  }

  async function verified(hash: string | null, password: string, isKnown: boolean): Promise<boolean> {
    if (hash !== null) return passwords.verify({ hash, password }, { isKnown })
    // For the time that it takes.
    await passwords.hash(password, { isKnown })
    return false
  }
}

interface Row {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly banned: number | boolean | null
  readonly password: string | null
}

function personOf({ id, email, name, role, banned }: Row): Person {
  return { id, email, name, role: role as PersonRole, isDisabled: Boolean(banned) }
}
