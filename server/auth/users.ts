import type { Role } from '#protocol/roles.ts'
import type { UserView } from '#protocol/users.ts'
import { insertAccount } from './accounts.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import type { Keys } from './keys.ts'
import type { Grants } from './oauth/grants.ts'
import { defaultPageSize, pageOf, placeOf } from './paging.ts'
import { checkPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'

export interface UsersParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly passwords: Passwords
  readonly grants: Pick<Grants, 'end'>
  readonly keys: Pick<Keys, 'ownerChanged' | 'removeOf'>
  readonly audit: Audit
  readonly clock: () => number
}

/** People. Devices and services have accounts too, and are listed as what they are. */
export function createUsers(parts: UsersParts): Omit<Auth['users'], 'unlock'> {
  const { database, betterAuth, passwords, grants, keys, audit, clock } = parts
  const columns = `select u.id, u.email, u.name, u.role, u.banned, u."createdAt", l.at as "lastSignInAt",
      k.locked_until as "lockedUntil",
      exists (select 1 from totp t where t.user_id = u.id and t.confirmed_at is not null) as "hasTotp",
      exists (select 1 from passkey p where p."userId" = u.id) as "hasPasskey"
    from "user" u left join sign_ins l on l.user_id = u.id left join account_locks k on k.user_id = u.id
    where u.kind = 'person'`
  /** A lock that is over is none. */
  const viewOf = (row: Row) => viewAt(row, clock())

  return {
    async create({ email, name, role, password }) {
      if (password !== null) await checkPassword(password, { email, name })
      const passwordHash = password === null ? null : await passwords.hash(password)
      const createdAt = new Date(clock())
      const id = await database.transaction((rows) =>
        insertAccount(rows, { kind: 'person', email, name, role, passwordHash, createdAt }),
      )
      await audit.record({ action: 'user_create', target: userParty({ id, name, email }), details: { role } })
      return viewOf(await find(id))
    },
    async list({ query = '', limit = defaultPageSize, cursor } = {}) {
      const { createdAt, id } = placeOf(cursor)
      const pattern = `%${query.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      const rows = await database.all<Row>(
        `${columns} and (u."createdAt", u.id) > (?, ?)
           and (lower(u.email) like ? escape '\\' or lower(u.name) like ? escape '\\')
         order by u."createdAt", u.id limit ?`,
        ...[createdAt, id, pattern, pattern, limit + 1],
      )
      return pageOf(rows, limit, viewOf)
    },
    async setDisabled(id, disabled) {
      const user = await find(id)
      if (disabled) await unlessLast(id, 'update "user" set banned = true')
      const { internalAdapter } = await betterAuth.$context
      await internalAdapter.updateUser(id, { banned: disabled })
      if (disabled) await internalAdapter.deleteUserSessions(id)
      await keys.ownerChanged(id, false)
      await audit.record({ action: disabled ? 'user_disable' : 'user_enable', target: userParty(user) })
    },
    async update(id, { name, role }) {
      const before = await find(id)
      const isLowered = before.role === 'admin' && role !== undefined && role !== 'admin'
      if (isLowered) await unlessLast(id, 'update "user" set role = ?', role)
      const { internalAdapter } = await betterAuth.$context
      // Tells that the account has changed: sockets close, and come back as what they are now.
      await internalAdapter.updateUser(id, { ...(name !== undefined && { name }), ...(role !== undefined && { role }) })
      if (role !== undefined && role !== before.role) {
        await keys.ownerChanged(id, true)
        // It was let do what the other role may.
        await grants.end({ userId: id })
      }
      const details = {
        ...(role !== undefined && role !== before.role && { role: `${before.role} to ${role}` }),
        ...(name !== undefined && name !== before.name && { name: `${before.name} to ${name}` }),
      }
      await audit.record({ action: 'user_update', target: userParty(before), details })
      return viewOf(await find(id))
    },
    async remove(id) {
      const user = await find(id)
      // Out first, and out for good: whoever signs in meanwhile finds the account disabled.
      await unlessLast(id, 'update "user" set banned = true')
      await keys.removeOf(id)
      await grants.end({ userId: id })
      const { internalAdapter } = await betterAuth.$context
      await internalAdapter.deleteUserSessions(id)
      await internalAdapter.deleteUser(id)
      await database.run('delete from sign_ins where user_id = ?', id)
      await audit.record({ action: 'user_delete', target: userParty(user) })
    },
    async signOut(id) {
      const user = await find(id)
      const { internalAdapter } = await betterAuth.$context
      await internalAdapter.deleteUserSessions(id)
      await grants.end({ userId: id })
      await audit.record({ action: 'sessions_end', target: userParty(user), details: { which: 'all' } })
    },
  }

  async function find(id: string): Promise<Row> {
    const row = await database.get<Row>(`${columns} and u.id = ?`, id)
    if (row !== undefined) return row
    throw new AuthError('not_found', 'There is no such user. List the users to see which there are.')
  }

  /** Changes an account that is not the last administrator, in one transaction, so that two cannot do it to each other. */
  async function unlessLast(id: string, change: string, ...values: readonly string[]): Promise<void> {
    const others = `select 1 from "user" where kind = 'person' and role = 'admin' and banned is not true and id <> ?`
    const guarded = `${change} where id = ? and (role <> 'admin' or banned is true or exists (${others}))`
    const changed = await database.transaction((rows) => rows.run(guarded, ...values, id, id))
    if (changed > 0) return
    throw new AuthError('forbidden', 'This is the last administrator. Create another one first.')
  }
}

interface Row {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly banned: number | boolean | null
  readonly createdAt: string
  readonly lastSignInAt: string | null
  readonly lockedUntil: string | null
  readonly hasTotp: number | boolean
  readonly hasPasskey: number | boolean
}

function viewAt({ banned, lockedUntil, hasTotp, hasPasskey, ...row }: Row, now: number): UserView {
  const secondFactor = hasTotp ? (hasPasskey ? 'both' : 'totp') : hasPasskey ? 'passkey' : 'none'
  const isLocked = lockedUntil !== null && Date.parse(lockedUntil) > now
  return { ...row, disabled: Boolean(banned), lockedUntil: isLocked ? lockedUntil : null, secondFactor }
}
