import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Arch, build, Platform } from 'electron-builder'
import { electronAdvice, resolveElectron } from './electron-path.ts'
import { buildNativeLibrary, findCompiler } from './native-library.ts'
import { bringNativeParts, nativeParts } from './native-parts.ts'
import { packagingTrouble } from './packaging-trouble.ts'
import { buildChanged } from './run-app.ts'

/**
 * Packages the app for Linux into release/.
 *
 * The Electron that goes into it is the pinned one, downloaded, unless a runtime here is to be used: `--electron here`,
 * as the tests do. `--attachable` leaves the inspector in, so that a test can drive the result; never ship such a one.
 */
const usage =
  'npm run package -- [--target dir|deb|AppImage] [--arch x64|arm64|armv7l] [--electron here] [--attachable] [-o DIR]'
const root = join(import.meta.dirname, '..')
const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: 'dir' },
    arch: { type: 'string', default: process.arch === 'arm' ? 'armv7l' : process.arch },
    electron: { type: 'string' },
    attachable: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: join(root, 'release') },
  },
})
const archs = { x64: Arch.x64, arm64: Arch.arm64, armv7l: Arch.armv7l } as const
const isArch = (name: string): name is keyof typeof archs => Object.hasOwn(archs, name)
if (
  !isArch(options.arch) ||
  !['dir', 'deb', 'AppImage'].includes(options.target) ||
  !['here', undefined].includes(options.electron)
) {
  console.error(`Usage: ${usage}`)
  process.exit(2)
}
const runtime = options.electron === 'here' ? resolveElectron() : undefined
if (options.electron === 'here' && runtime === undefined) {
  console.error(electronAdvice)
  process.exit(1)
}

const compiler = findCompiler(options.arch)
if ('advice' in compiler) {
  console.error(`There is no C compiler for ${options.arch} here, for the native library: ${compiler.advice}`)
  process.exit(1)
}
const { missing, files } = nativeParts(options.arch)
if (missing.length > 0) {
  console.error(`The app's native parts for ${options.arch} are missing. Bring them with: ${bringNativeParts(missing)}`)
  process.exit(1)
}
await buildChanged()
await buildNativeLibrary(options.arch)
await build({
  projectDir: root,
  targets: Platform.LINUX.createTarget(options.target, archs[options.arch]),
  publish: 'never',
  config: {
    extends: 'electron-builder.yml',
    directories: { output: options.output },
    files: [...files],
    // A runtime from elsewhere brings the page that Electron shows without an app.
    afterPack: ({ appOutDir }) => rm(join(appOutDir, 'resources/default_app.asar'), { force: true }),
    ...(runtime && { electronDist: runtime.folder, electronVersion: runtime.version }),
    ...(options.attachable && { electronFuses: { enableNodeCliInspectArguments: true } }),
  },
}).catch((error: unknown) => {
  console.error(`The app could not be packaged: ${packagingTrouble(error)}`)
  process.exit(1)
})
