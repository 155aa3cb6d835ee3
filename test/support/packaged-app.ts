import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './child-program.ts'

const root = join(import.meta.dirname, '../..')
const packagingTimeoutMs = 180_000

/** The app as `npm run package` makes it, on the Electron that is here. */
export interface PackagedApp extends AsyncDisposable {
  readonly folder: string
  /** What a user starts. */
  readonly program: string
}

/** Packages the app into a folder of its own. `attachable` leaves the inspector in, which `launchElectron` needs. */
export async function packageApp({ attachable }: { readonly attachable: boolean }): Promise<PackagedApp> {
  const output = await mkdtemp(join(tmpdir(), 'carillon-package-'))
  const args = ['build/package.ts', '--electron', 'here', '--output', output, ...(attachable ? ['--attachable'] : [])]
  await using packaging = startChild(process.execPath, args, { cwd: root })
  const outOfTime = setTimeout(() => process.kill(packaging.pid), packagingTimeoutMs)
  const code = await packaging.exited
  clearTimeout(outOfTime)
  if (code !== 0) {
    await rm(output, { recursive: true, force: true })
    throw new Error(`packaging ended with ${code}: ${packaging.output()}`)
  }
  const folder = join(output, 'linux-unpacked')
  return {
    folder,
    program: join(folder, 'carillon'),
    [Symbol.asyncDispose]: () => rm(output, { recursive: true, force: true }),
  }
}
