import { z } from 'zod'
import type { Client } from './client.ts'
import { type Registry, sessionOf } from './registry.ts'

/** Which of a user's clients are meant: all, unless it says more. An empty string says nothing. */
export const target = z.object({
  user: z.string(),
  client: z.string().optional(),
  /** The signed-in session they stand on. */
  session: z.string().optional(),
  /** Clients that are left alone. */
  whitelist: z.array(z.string()).optional(),
})
export type Target = z.infer<typeof target>

/** The clients of this node that are meant. */
export function clientsMeant(
  registry: Pick<Registry, 'clientsOf'>,
  { user, client, session, whitelist }: Target,
): readonly Client[] {
  return registry.clientsOf(user).filter(({ id, identity }) => {
    if (client && client !== id) return false
    if (session && session !== sessionOf(identity)) return false
    return !whitelist?.includes(id)
  })
}
