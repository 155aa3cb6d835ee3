import { join } from 'node:path'
import { type KeptContent, keptContent } from './commands/content.ts'
import { type KeptSettings, keptSettings } from './commands/device-settings.ts'
import { type Ledger, ledger } from './commands/ledger.ts'
import { type JsonFile, jsonFile } from './json-file.ts'
import type { Log } from './log.ts'
import { type DeviceCache, deviceCache } from './settings.ts'

/** What a kiosk remembers between runs, each in a file of its own. Never a credential. */
export interface KioskFiles {
  readonly device: JsonFile<DeviceCache>
  readonly commands: JsonFile<Ledger>
  readonly content: JsonFile<KeptContent>
  readonly settings: JsonFile<KeptSettings>
}

export function kioskFiles(folder: string, log: Log): KioskFiles {
  return {
    device: jsonFile(join(folder, 'device.json'), deviceCache, log),
    commands: jsonFile(join(folder, 'commands.json'), ledger, log),
    content: jsonFile(join(folder, 'content.json'), keptContent, log),
    settings: jsonFile(join(folder, 'device-settings.json'), keptSettings, log),
  }
}
