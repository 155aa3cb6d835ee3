import { z } from 'zod'

/** What stands for `:id` in the address of one thing. */
export const byId = z.object({ id: z.string().min(1).max(100) })
