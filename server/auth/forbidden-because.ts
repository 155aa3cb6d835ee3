import type { KeyScope, Role } from '#protocol/roles.ts'
import type { Identity } from './identity.ts'

/**
 * Why somebody may not do what these roles, or a key with this scope, may do; null when it may. Without a scope no key
 * may, and where it is null every key. A service with an OAuth token needs the scope and the role.
 */
export function forbiddenBecause(
  identity: Identity,
  roles: readonly Role[],
  scope: KeyScope | null | undefined,
): string | null {
  if (identity.kind === 'key') {
    if (scope === null) return null
    if (scope === undefined) return 'This key may not do this. A person has to do this.'
    if (identity.scopes.includes(scope) || identity.scopes.includes('admin')) return null
    return `This key may not do this. Create a key with the scope ${scope}.`
  }
  if (identity.kind === 'grant') {
    if (scope === undefined) return forPeople
    if (scope !== null && !identity.scopes.includes(scope)) {
      return `This OAuth token may not do this. It has the scopes ${identity.scopes.join(', ') || 'of nothing here'}.`
    }
  }
  if (roles.includes(identity.role)) return null
  return `This needs the role ${roles.join(' or ')}; yours is ${identity.role}.`
}

export const forPeople = 'A service may not do this with an OAuth token. The person it acts for has to do it.'
