import type { UserView } from '#protocol/api.ts'
import type { Role } from '#protocol/roles.ts'
import { insertAccount } from './accounts.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import { checkPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'

export interface UsersParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly passwords: Passwords
  readonly audit: Audit
  readonly clock: () => number
}

/** People. Devices and services have accounts too, and are listed as what they are. */
export function createUsers(parts: UsersParts): Omit<Auth['users'], 'unlock'> {
  const { database, betterAuth, passwords, audit, clock } = parts
  const columns = `select u.id, u.email, u.name, u.role, u.banned, u."createdAt", l.locked_until as "lockedUntil",
      exists (select 1 from totp t where t.user_id = u.id and t.confirmed_at is not null) as "hasTotp",
      exists (select 1 from passkey p where p."userId" = u.id) as "hasPasskey"
    from "user" u left join account_locks l on l.user_id = u.id where u.kind = 'person'`
  /** A lock that is over is none. */
  const currentView = ({ lockedUntil, ...row }: Row) =>
    viewOf({ ...row, lockedUntil: lockedUntil !== null && Date.parse(lockedUntil) > clock() ? lockedUntil : null })

  return {
    async create({ email, name, role, password }) {
      if (password !== null) checkPassword(password, { email, name })
      const passwordHash = password === null ? null : await passwords.hash(password)
      const createdAt = new Date(clock())
      const id = await database.transaction((rows) =>
        insertAccount(rows, { kind: 'person', email, name, role, passwordHash, createdAt }),
      )
      await audit.record({ action: 'user_create', target: userParty({ id, name, email }), details: { role } })
      const row = { id, email: email.toLowerCase(), name, role, createdAt: createdAt.toISOString() }
      return viewOf({ ...row, banned: false, lockedUntil: null, hasTotp: false, hasPasskey: false })
    },
    list: async () => (await database.all<Row>(`${columns} order by u."createdAt", u.id`)).map(currentView),
    async setDisabled(id, disabled) {
      const user = await database.get<Row>(`${columns} and u.id = ?`, id)
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
  readonly lockedUntil: string | null
  readonly hasTotp: number | boolean
  readonly hasPasskey: number | boolean
}

function viewOf({ banned, lockedUntil, hasTotp, hasPasskey, ...row }: Row): UserView {
  const secondFactor = hasTotp ? (hasPasskey ? 'both' : 'totp') : hasPasskey ? 'passkey' : 'none'
  return { ...row, disabled: Boolean(banned), lockedUntil, secondFactor, lastSignInAt: null }
}
