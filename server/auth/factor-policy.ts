import type { PersonRole } from '#protocol/roles.ts'
import type { Database } from './database.ts'

/** Who must have a second factor. */
export interface FactorPolicySettings {
  readonly requiredFor: readonly PersonRole[]
  /** How long after its creation an account may do without. */
  readonly graceMs: number
}

export interface FactorPolicy {
  isRequiredFor(role: PersonRole): boolean
  /** From when an account without one may do nothing but set one up. */
  requiredFrom(account: { readonly createdAt: string }): Date
  /** The accounts without one for which that came after the one instant and not after the other. Milliseconds since 1970. */
  dueBetween(after: number, until: number): Promise<readonly string[]>
  /**
   * Whether a password alone is not enough and a code cannot be asked for: the account must have two factors, and its
   * second one is a passkey.
   */
  needsPasskey(person: { readonly id: string; readonly role: PersonRole }): Promise<boolean>
}

export function createFactorPolicy(database: Database, { requiredFor, graceMs }: FactorPolicySettings): FactorPolicy {
  const isRequiredFor = (role: PersonRole) => requiredFor.includes(role)
  return {
    isRequiredFor,
    requiredFrom: ({ createdAt }) => new Date(Date.parse(createdAt) + graceMs),
    async dueBetween(after, until) {
      if (requiredFor.length === 0) return []
      const created = (due: number) => new Date(due - graceMs).toISOString()
      const rows = await database.all<{ id: string }>(
        `select u.id from "user" u
         where u.kind = 'person' and u.role in (${requiredFor.map(() => '?').join(', ')})
           and u."createdAt" > ? and u."createdAt" <= ?
           and not exists (select 1 from totp t where t.user_id = u.id and t.confirmed_at is not null)
           and not exists (select 1 from passkey p where p."userId" = u.id)`,
        ...requiredFor,
        ...[created(after), created(until)],
      )
      return rows.map(({ id }) => id)
    },
    async needsPasskey({ id, role }) {
      if (!isRequiredFor(role)) return false
      return (await database.get('select 1 from passkey where "userId" = ?', id)) !== undefined
    },
  }
}
