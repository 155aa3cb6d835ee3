import { z } from 'zod'

/** What somebody may do. A `device` is a kiosk or desktop installation with an identity of its own. */
export const roles = ['admin', 'operator', 'viewer', 'device'] as const
export const role = z.enum(roles)
export type Role = z.infer<typeof role>

/** Roles a person can have. */
export const personRole = z.enum(['admin', 'operator', 'viewer'])
export type PersonRole = z.infer<typeof personRole>

/** What an API key may do. */
export const keyScopes = ['publish', 'subscribe', 'devices', 'tasks', 'metrics', 'admin'] as const
export const keyScope = z.enum(keyScopes, `A scope is one of ${keyScopes.join(', ')}.`)
export type KeyScope = z.infer<typeof keyScope>
