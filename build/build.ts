import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { buildNativeLibrary, findCompiler, hostArch } from './native-library.ts'
import { mainConfig } from './vite.main.config.ts'
import { preloadConfig } from './vite.preload.config.ts'
import { rendererConfig } from './vite.renderer.config.ts'

/** Builds the app and the console into dist/; with `--if-changed` only what its sources say is out of date. */
interface Target {
  /** Below dist/. */
  readonly folder: string
  /** What the result depends on, besides the installed packages and the build itself. */
  readonly sources: readonly string[]
  make(outDir: string): Promise<unknown>
  /** Everything else works without it. */
  readonly optional?: boolean
}

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const stateFile = join(dist, '.build.json')
const pages = ['desktop', 'kiosk', 'console'] as const
const targets: readonly Target[] = [
  {
    folder: 'main',
    sources: ['main', 'native', 'protocol'],
    make: (outDir) => build(mainConfig(root, outDir)),
  },
  {
    folder: 'preload',
    sources: ['preload', 'protocol'],
    make: (outDir) => build(preloadConfig(root, outDir)),
  },
  ...pages.map((page) => ({
    folder: `renderer/${page}`,
    sources: ['renderer', 'protocol'],
    make: (outDir: string) => build(rendererConfig(root, page, outDir)),
  })),
  ...nativeTarget(),
]

const { values: options } = parseArgs({ options: { 'if-changed': { type: 'boolean', default: false } } })
const before = options['if-changed'] ? readState() : {}
const hashes = Object.fromEntries(targets.map((target) => [target.folder, hashOf(target)]))
const outdated = targets.filter(({ folder }) => before[folder] !== hashes[folder] || !existsSync(join(dist, folder)))
await mkdir(dist, { recursive: true })
await Promise.all(outdated.map(buildTarget))
if (outdated.length > 0) await replaceFile(stateFile, `${JSON.stringify(hashes, null, 2)}\n`)

/** The folder appears whole: an app that starts meanwhile finds the old one or the new one. */
async function buildTarget({ folder, make, optional }: Target): Promise<void> {
  const started = performance.now()
  const fresh = join(dist, `.${folder.replace('/', '-')}.${process.pid}`)
  const place = join(dist, folder)
  try {
    await make(fresh)
    await mkdir(dirname(place), { recursive: true })
    await rm(place, { recursive: true, force: true })
    await rename(fresh, place)
  } catch (error) {
    if (!optional) throw error
    console.error(`${folder} could not be built; what needs it will say so. ${error}`)
    return
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  console.log(`Built ${folder} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/** libcarillon, where this machine has a compiler. */
function nativeTarget(): readonly Target[] {
  const arch = hostArch()
  if (arch === undefined || 'advice' in findCompiler(arch)) return []
  const make = (outDir: string) => buildNativeLibrary(arch, join(outDir, 'libcarillon.so'))
  return [{ folder: `native/linux-${arch}`, sources: ['native'], make, optional: true }]
}

function hashOf({ sources }: Target): string {
  const hash = createHash('sha256')
  const patterns = [
    ...sources.map((source) => `${source}/**`),
    'build/{build,native-library,vite.*}.ts',
    'package{,-lock}.json',
  ]
  const files = globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    hash.update(`${file.slice(root.length)}\0`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** What is there was built from sources with these hashes. */
function readState(): Record<string, unknown> {
  try {
    const state: unknown = JSON.parse(readFileSync(stateFile, 'utf8'))
    return typeof state === 'object' && state !== null ? { ...state } : {}
  } catch {
    return {} // never built, or cut off while writing: build everything
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}`
  await writeFile(fresh, text)
  await rename(fresh, file)
}
