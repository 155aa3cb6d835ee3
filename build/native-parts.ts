import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NativeArch } from './native-library.ts'

const abis = { x64: 'x64-gnu', arm64: 'arm64-gnu', armv7l: 'arm-gnueabihf' } as const satisfies Record<
  NativeArch,
  string
>
/** What of the app's dependencies is compiled: the package that is asked for, and those that hold it for a processor. */
const packages = { keytar: '@napi-rs/keyring-linux-', 'ffi-rs': '@yuuang/ffi-rs-linux-' } as const
const root = join(import.meta.dirname, '..')

export interface NativeParts {
  /** Packages with their versions that are not installed; npm brings only those of its own processor. */
  readonly missing: readonly string[]
  /** What electron-builder takes along: nothing of another processor. */
  readonly files: readonly string[]
}

/** The prebuilt packages for a processor, as the installed ones name them. */
export function nativeParts(arch: NativeArch, modules = join(root, 'node_modules')): NativeParts {
  const parts = Object.entries(packages).map(([asked, prefix]) => ({ asked, name: prefix + abis[arch] }))
  const missing = parts
    .filter(({ name }) => !existsSync(join(modules, name)))
    .map(({ asked, name }) => `${name}@${versionOf(name, join(modules, asked, 'package.json'))}`)
  return { missing, files: parts.map(({ name }) => `node_modules/${name}/**`) }
}

/** `npm ci --cpu=…` would take away what this machine builds with. */
export function bringNativeParts(missing: readonly string[]): string {
  return `npm install --no-save --force ${missing.join(' ')}`
}

function versionOf(name: string, manifest: string): string {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    optionalDependencies?: Record<string, string>
  }
  const version = optionalDependencies[name]
  if (version === undefined) throw new Error(`${manifest} does not name ${name}: there is none for this processor.`)
  return version
}
