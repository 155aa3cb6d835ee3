import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { leftOut } from './left-out.ts'
import { overlay } from './overlay.ts'
import { type Architecture, components, isBoard, packagesFor, suite } from './packages.ts'
import { run } from './run.ts'

export interface TreeOptions {
  readonly arch: Architecture
  /** Where Debian's archive is. */
  readonly mirror: string
  /** Where its security updates are; null to go without. */
  readonly securityMirror: string | null
  /** Whether OpenGL's drivers are brought along. */
  readonly gl: boolean
  /** Packages beyond the list. */
  readonly more: readonly string[]
  /** Keeps downloaded packages and the tree of earlier builds. */
  readonly cache: string
  /** Makes the tree anew although there is one of today. */
  readonly fresh: boolean
}

/** How the name of a tree ends that is not whole yet. */
export const unfinished = '.new'

const aDay = 24 * 3600 * 1000

/**
 * Debian without anything of ours, unpacked into a folder of the cache that is kept for a day: what changes while one
 * works on the image is what is laid over it. Answers the folder, which is only ever copied.
 */
export async function debianTree(options: TreeOptions): Promise<string> {
  const args = await bootstrapArgs(options)
  const key = createHash('sha256')
    .update(JSON.stringify([args, options.mirror, options.securityMirror]))
    .digest('hex')
    .slice(0, 12)
  const tree = join(options.cache, `tree-${options.arch}-${key}`)
  if (!options.fresh && existsSync(tree) && Date.now() - (await stat(tree)).mtimeMs < aDay) return tree
  const begun = `${tree}${unfinished}`
  const archives = join(options.cache, 'archives')
  await mkdir(join(archives, 'partial'), { recursive: true })
  await removeOutdated(options)
  await removeTree(begun)
  await run('mmdebstrap', [
    ...args,
    ...cacheHooks(archives),
    suite,
    begun,
    `deb ${options.mirror} ${suite} ${components}`,
    `deb ${options.mirror} ${suite}-updates ${components}`,
    ...(options.securityMirror === null ? [] : [`deb ${options.securityMirror} ${suite}-security ${components}`]),
  ]).catch((error: Error) => {
    throw new Error(`${error.message} ${outOfStep}`)
  })
  await removeTree(tree)
  await rename(begun, tree)
  return tree
}

const outOfStep =
  'If that is "Mirror sync in progress?", Debian\'s archive is out of step with itself: try again in an hour, or with another --mirror or --security-mirror.'

/** Trees of yesterday are never used again: those of other packages, and those that were broken off. */
export async function removeOutdated({ cache, arch }: Pick<TreeOptions, 'cache' | 'arch'>): Promise<void> {
  for (const name of await readdir(cache)) {
    const tree = join(cache, name)
    if (name.startsWith(`tree-${arch}-`) && Date.now() - (await stat(tree)).mtimeMs >= aDay) await removeTree(tree)
  }
}

/** A build that was broken off may have left the machine's own /sys and /dev in there: those are not to be removed. */
export async function removeTree(tree: string): Promise<void> {
  await run('rm', ['-rf', '--one-file-system', tree])
}

async function bootstrapArgs({ arch, gl, more }: TreeOptions): Promise<string[]> {
  return [
    '--mode=root',
    '--variant=apt',
    `--architectures=${arch}`,
    '--aptopt=Apt::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=force-confold',
    '--dpkgopt=force-confdef',
    ...leftOut(arch, gl).map((line) => `--dpkgopt=${line}`),
    `--include=${packagesFor(arch, more).join(',')}`,
    // Debian without /usr merged would bring a program and all of Perl to merge it.
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    `--essential-hook=${await initrdSettings(arch)}`,
  ]
}

/**
 * What an initrd is made of has to be known before the kernel comes, which makes one; under emulation each takes minutes,
 * so the second, which dpkg asks for at the end, is left out.
 */
async function initrdSettings(arch: Architecture): Promise<string> {
  const folder = '"$1/etc/initramfs-tools"'
  const modules = await readFile(join(overlay, isBoard(arch) ? 'board' : 'pc', 'etc/initramfs-tools/modules'), 'utf8')
  const settings = await readFile(join(overlay, 'common/etc/initramfs-tools/conf.d/carillon'), 'utf8')
  return [
    `mkdir -p ${folder}/conf.d`,
    `printf '%s' ${quoted(modules)} >${folder}/modules`,
    `printf '%s' ${quoted(settings)} >${folder}/conf.d/carillon`,
    `echo update_initramfs=no >${folder}/update-initramfs.conf`,
  ].join(' && ')
}

/** Downloaded packages are kept between builds. */
function cacheHooks(archives: string): string[] {
  const inside = '"$1/var/cache/apt/archives/"'
  const kept = quoted(archives)
  return [
    '--skip=download/empty,essential/unlink,cleanup/apt',
    `--setup-hook=mkdir -p ${inside} && find ${kept} -maxdepth 1 -name '*.deb' -exec cp -lt ${inside} {} +`,
    `--customize-hook=find ${inside} -name '*.deb' -exec cp -nlt ${kept} {} + && rm -f ${inside}*.deb`,
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
