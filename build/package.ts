import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Arch, build, Platform } from 'electron-builder'
import { electronAdvice, resolveElectron } from './electron-path.ts'
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
const arch = { x64: Arch.x64, arm64: Arch.arm64, armv7l: Arch.armv7l }[options.arch]
if (
  arch === undefined ||
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

await buildChanged()
const keyring = `node_modules/@napi-rs/keyring-linux-${{ x64: 'x64-gnu', arm64: 'arm64-gnu', armv7l: 'arm-gnueabihf' }[options.arch]}`
if (!existsSync(join(root, keyring))) {
  const cpu = options.arch === 'armv7l' ? 'arm' : options.arch
  console.error(`${keyring} is missing. Bring it with: npm ci --os=linux --cpu=${cpu}`)
  process.exit(1)
}
await build({
  projectDir: root,
  targets: Platform.LINUX.createTarget(options.target, arch),
  publish: 'never',
  config: {
    extends: 'electron-builder.yml',
    directories: { output: options.output },
    // A runtime from elsewhere brings the page that Electron shows without an app.
    afterPack: ({ appOutDir }) => rm(join(appOutDir, 'resources/default_app.asar'), { force: true }),
    ...(runtime && { electronDist: runtime.folder, electronVersion: runtime.version }),
    ...(options.attachable && { electronFuses: { enableNodeCliInspectArguments: true } }),
  },
})
