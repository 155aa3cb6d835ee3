import type { UserView } from '#protocol/api.ts'
import type { Role } from '#protocol/roles.ts'
import { insertAccount } from './accounts.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import type { Passwords } from './passwords.ts'

export interface UsersParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly passwords: Passwords
  readonly audit: Audit
  readonly clock: () => number
}

/** People. Devices and services have accounts too, and are listed as what they are. */
export function createUsers({ database, betterAuth, passwords, audit, clock }: UsersParts): Auth['users'] {
  const columns = `select id, email, name, role, banned, "createdAt" from "user" where kind = 'person'`
  return {
    async create({ email, name, role, password }) {
      const passwordHash = await passwords.hash(password)
      const createdAt = new Date(clock())
      const id = await database.transaction((rows) =>
        insertAccount(rows, { kind: 'person', email, name, role, passwordHash, createdAt }),
      )
      await audit.record({ action: 'user_create', target: userParty({ id, name, email }), details: { role } })
      return viewOf({ id, email: email.toLowerCase(), name, role, banned: 0, createdAt: createdAt.toISOString() })
    },
    list: async () => (await database.all<Row>(`${columns} order by "createdAt", id`)).map(viewOf),
    async setDisabled(id, disabled) {
      const user = await database.get<Row>(`${columns} and id = ?`, id)
      if (user === undefined) {
        throw new AuthError('not_found', 'There is no such user. List the users to see which there are.')
      }
      if (disabled && !(await ban(id))) {
        throw new AuthError('forbidden', 'This is the last administrator. Create another one first.')
      }
      const { internalAdapter } = await betterAuth.$context
      await internalAdapter.updateUser(id, { banned: disabled })
      if (disabled) await internalAdapter.deleteUserSessions(id)
      await audit.record({ action: disabled ? 'user_disable' : 'user_enable', target: userParty(user) })
    },
  }

  /** In one transaction, so that two administrators cannot disable each other. */
  async function ban(id: string): Promise<boolean> {
    const others = `select 1 from "user" where kind = 'person' and role = 'admin' and banned is not true and id <> ?`
    const update = `update "user" set banned = true where id = ? and (role <> 'admin' or exists (${others}))`
    return (await database.transaction((rows) => rows.run(update, id, id))) > 0
  }
}

interface Row {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly banned: number | boolean | null
  readonly createdAt: string
}

function viewOf({ banned, ...row }: Row): UserView {
  return { ...row, disabled: Boolean(banned), lockedUntil: null, secondFactor: 'none', lastSignInAt: null }
}
