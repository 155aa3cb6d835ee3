import type { Me } from '#protocol/api.ts'
import type { Role } from '#protocol/roles.ts'

/** Whether somebody may send to screens, approve and remove them. The server decides; this spares a refusal. */
export function mayOperate({ role }: Pick<Me, 'role'>): boolean {
  return role === 'admin' || role === 'operator'
}

/** Whether somebody may look into connections and end them. */
export function mayAdminister({ role }: Pick<Me, 'role'>): boolean {
  return role === 'admin'
}

/** Roles as people say them. */
export const roleNames = {
  admin: 'Administrator',
  operator: 'Operator',
  viewer: 'Viewer',
  device: 'Device',
} as const satisfies Record<Role, string>
