import { z } from 'zod'
import { jsonFile } from './json-file.ts'
import type { Log } from './log.ts'

/** What the app remembers between runs. Never a credential. */
export const settings = z.object({
  /** Origin of the server that was last used. */
  server: z.string().nullable().catch(null),
  /**
   * The server that somebody chose at the screen, and the address the kiosk had been started with then: one that is
   * started with another address since was set up anew.
   */
  chosen: z.object({ server: z.string(), given: z.string().nullable() }).nullable().catch(null),
  /** Where the desktop window was. */
  bounds: z
    .object({ x: z.int(), y: z.int(), width: z.int().min(200), height: z.int().min(200), maximized: z.boolean() })
    .nullable()
    .catch(null),
})
export type Settings = z.infer<typeof settings>

/** The settings of this run, kept on disk behind every change. */
export interface SettingsStore {
  readonly value: Settings
  change(part: Partial<Settings>): void
  /** Resolves once every change so far is on disk, or could not be written, which is logged. */
  saved(): Promise<void>
}

export async function openSettings(path: string, log: Log): Promise<SettingsStore> {
  const file = jsonFile(path, settings, log)
  let value: Settings = (await file.read()) ?? { server: null, chosen: null, bounds: null }
  let saving = Promise.resolve()
  return {
    get value() {
      return value
    },
    change(part) {
      value = { ...value, ...part }
      const snapshot = value
      saving = saving
        .then(() => file.write(snapshot))
        .catch((error: Error) => log.warn('settings not saved', { error: error.message }))
    },
    saved: () => saving,
  }
}

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
