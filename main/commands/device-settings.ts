import { z } from 'zod'
import { type DeviceSettings, deviceSettings, settingsNotice } from '#protocol/device-settings.ts'
import type { JsonFile } from '../json-file.ts'
import type { Log } from '../log.ts'

/** What the server has told a device of itself, kept for when there is no server. */
export const keptSettings = z.object({ device: z.string(), settings: deviceSettings })
export type KeptSettings = z.infer<typeof keptSettings>

/** As long as no server has said anything. */
export const noSettings: DeviceSettings = { allowedOrigins: [], pin: null }

export interface SettingsOfDevice {
  /** Asks the server; what it last said holds until it answers. One question at a time. */
  refresh(): Promise<void>
  /** Resolves once no question is under way. */
  settled(): Promise<void>
}

export interface SettingsOfDeviceOptions {
  /** The id of this device. */
  readonly device: string
  readonly file: JsonFile<KeptSettings>
  readonly log: Log
  fetch(): Promise<DeviceSettings>
  /** At once with what was kept, and whenever the server has said something else. */
  onSettings(settings: DeviceSettings): void
}

export async function openSettingsOfDevice(options: SettingsOfDeviceOptions): Promise<SettingsOfDevice> {
  const { device, file, log, onSettings } = options
  const kept = await file.read()
  let current = kept?.device === device ? kept.settings : noSettings
  let asking: Promise<void> | null = null
  /** Something was changed since the question that is under way. */
  let again = false
  onSettings(current)

  async function ask(): Promise<void> {
    do {
      again = false
      try {
        const settings = await options.fetch()
        if (JSON.stringify(settings) === JSON.stringify(current)) continue
        current = settings
        onSettings(settings)
        await file.write({ device, settings })
        log.info('settings', { origins: settings.allowedOrigins.length, pin: settings.pin !== null })
      } catch (error) {
        // The next connection asks again; an older server has none.
        log.warn('settings not had', { error: error instanceof Error ? error.message : String(error) })
      }
    } while (again)
  }

  return {
    refresh() {
      again = true
      asking ??= ask().finally(() => {
        asking = null
      })
      return asking
    },
    settled: () => asking ?? Promise.resolve(),
  }
}

export function isSettingsNotice(data: unknown): boolean {
  return settingsNotice.safeParse(data).success
}
