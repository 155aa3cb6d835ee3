import { z } from 'zod'

/** What the app remembers between runs. Never a credential. */
export const settings = z.object({
  /** Origin of the server that was last used. */
  server: z.string().nullable().catch(null),
  /** Where the desktop window was. */
  bounds: z
    .object({ x: z.int(), y: z.int(), width: z.int().min(200), height: z.int().min(200), maximized: z.boolean() })
    .nullable()
    .catch(null),
})
export type Settings = z.infer<typeof settings>
export const noSettings: Settings = { server: null, bounds: null }

/** Who was signed in, so that the app can say so while the server is away. */
export const accountCache = z.object({
  server: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(['admin', 'operator', 'viewer', 'device']),
  follows: z.array(z.string()),
})
export type AccountCache = z.infer<typeof accountCache>

/** Which device this kiosk is, so that it can listen for its commands before the server has told it again. */
export const deviceCache = z.object({ server: z.string(), id: z.string(), name: z.string() })
export type DeviceCache = z.infer<typeof deviceCache>
