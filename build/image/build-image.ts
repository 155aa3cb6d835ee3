import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { installApp } from './app.ts'
import { makeBootFiles } from './boot-files.ts'
import { customize } from './customize.ts'
import { prepareEmulation } from './emulation.ts'
import { checkModules } from './modules.ts'
import type { ImageOptions } from './options.ts'
import { pack } from './pack.ts'
import { electronArch } from './packages.ts'
import { writeRelease } from './release.ts'
import { run } from './run.ts'
import { debianTree, removeTree } from './tree.ts'

const root = join(import.meta.dirname, '../..')

/** Builds an image from Debian's packages and the app. Answers the files that were written. */
export async function buildImage(options: ImageOptions): Promise<string[]> {
  const { arch, output } = options
  await mkdir(dirname(output), { recursive: true })
  // Not ".app": that is what a bundle of macOS is told by.
  const packaged = `${output}.unpacked`
  const app = options.app ?? (await packageApp(options, packaged))
  if (!existsSync(join(app, 'carillon'))) {
    throw new Error(`${app} holds no program "carillon": give the folder that electron-builder unpacks.`)
  }
  const tree = `${output}.tree`
  await step(`Debian's packages for ${arch}`, async () => {
    await prepareEmulation(arch)
    const debian = await debianTree(options)
    await checkModules(debian, arch)
    await removeTree(tree)
    await run('cp', ['-a', '--reflink=auto', debian, tree])
  })
  await step('our files and the app', async () => {
    await customize(tree, arch, options.gl)
    await installApp(tree, app)
  })
  await step('the boot partition', () => makeBootFiles(tree, arch))
  await step('the disk', () => pack(tree, arch, output))
  const files = await step('what is published beside it', () => writeRelease(tree, output, options.compress))
  await removeTree(tree)
  await rm(packaged, { recursive: true, force: true })
  return files
}

async function packageApp({ arch, electronHere }: ImageOptions, folder: string): Promise<string> {
  const electron = electronHere ? ['--electron', 'here'] : []
  const args = ['--target', 'dir', '--arch', electronArch[arch], ...electron, '--output', folder]
  await run(process.execPath, [join(root, 'build/package.ts'), ...args])
  return join(folder, arch === 'amd64' ? 'linux-unpacked' : `linux-${electronArch[arch]}-unpacked`)
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work()
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return result
}
