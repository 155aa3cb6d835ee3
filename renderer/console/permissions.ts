import type { Me } from '#protocol/api.ts'
import { type KeyScope, keyScopes, type Role } from '#protocol/roles.ts'

/** Whether somebody may send to screens, approve and remove them. The server decides; this spares a refusal. */
export function mayOperate({ role }: Pick<Me, 'role'>): boolean {
  return role === 'admin' || role === 'operator'
}

/** Whether somebody may look into connections and end them. */
export function mayAdminister({ role }: Pick<Me, 'role'>): boolean {
  return role === 'admin'
}

/** What somebody can let a key of their own do: never more than they may themselves. */
export function keyScopesFor({ role }: Pick<Me, 'role'>): readonly KeyScope[] {
  if (role === 'admin') return keyScopes
  return role === 'operator' ? ['publish', 'subscribe'] : ['subscribe']
}

/** Roles as people say them. */
export const roleNames = {
  admin: 'Administrator',
  operator: 'Operator',
  viewer: 'Viewer',
  device: 'Device',
} as const satisfies Record<Role, string>

/** What to call whoever is behind a connection; users of the site have no role here. */
export function roleOf({ kind, role }: { readonly kind: string; readonly role: Role | null }): string {
  if (kind === 'key') return 'API key'
  if (kind === 'grant') return 'Service'
  return role === null ? 'User of the site' : roleNames[role]
}
