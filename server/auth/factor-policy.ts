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
    async needsPasskey({ id, role }) {
      if (!isRequiredFor(role)) return false
      return (await database.get('select 1 from passkey where "userId" = ?', id)) !== undefined
    },
  }
}
