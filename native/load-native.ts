import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bindNative, type Machine } from './bind.ts'
import { absent, openLibrary } from './library.ts'
import type { Native } from './native.ts'

interface NativeOptions extends Machine {
  /** Where libcarillon is; looked for when absent. */
  readonly path?: string
}

/** The native functions of this machine. Where the library is missing each of them says so; nothing here throws. */
export async function loadNative({ path, ...machine }: NativeOptions = {}): Promise<Native> {
  return bindNative(await openFoundLibrary(path), machine)
}

/** The library at this path, or where it usually is. */
export async function openFoundLibrary(path = candidates().find((candidate) => existsSync(candidate))) {
  return path === undefined ? absent(missing()) : openLibrary(path)
}

/** As electron-builder calls it: `linux-x64`, `linux-arm64`, `linux-armv7l`. */
function platformFolder(): string {
  return `${process.platform}-${process.arch === 'arm' ? 'armv7l' : process.arch}`
}

/** Beside the packaged app, else where `npm run native` puts it: seen from the bundle in dist/main and from here. */
function candidates(): string[] {
  const resources: unknown = Reflect.get(process, 'resourcesPath') // set by Electron
  const built = join('native', platformFolder(), 'libcarillon.so')
  return [
    ...(typeof resources === 'string' ? [join(resources, 'libcarillon.so')] : []),
    join(import.meta.dirname, '../dist', built),
    join(import.meta.dirname, '..', built),
  ]
}

function missing(): string {
  if (process.platform !== 'linux') return `it is for Linux, and this is ${process.platform}`
  return 'it is not built here; npm run native builds it, with gcc and libc6-dev'
}
