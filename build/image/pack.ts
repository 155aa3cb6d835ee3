import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Architecture, isBoard } from './packages.ts'
import { layoutOf, rootSize, sfdiskScript } from './partitions.ts'
import { read, run } from './run.ts'

/** Makes the disk image of a tree, without mounting anything. */
export async function pack(tree: string, arch: Architecture, image: string): Promise<void> {
  const work = `${image}.parts`
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const boot = join(work, 'boot')
  // What lies there belongs to the other partition.
  await run('mv', [join(tree, 'boot/firmware'), boot])
  await mkdir(join(tree, 'boot/firmware'))

  const { bytes, files } = await sizeOf(tree)
  const layout = layoutOf(isBoard(arch) ? 'dos' : 'gpt', rootSize(bytes, files))
  const [root, fat] = [join(work, 'root.ext4'), join(work, 'boot.fat')]
  await writeFile(root, '')
  await truncate(root, layout.root.size)
  // Kernels of the older suite do not know the last feature.
  await run('mke2fs', [
    '-q',
    '-t',
    'ext4',
    '-L',
    'kiosk-root',
    '-m',
    '1',
    '-O',
    '^metadata_csum_seed',
    '-E',
    'lazy_itable_init=0',
    '-d',
    tree,
    root,
  ])
  await writeFile(fat, '')
  await truncate(fat, layout.boot.size)
  await run('mkfs.vfat', ['-F', '32', '-n', 'KIOSKBOOT', fat])
  await run('sh', ['-c', 'mcopy -s -Q -i "$1" "$2"/* ::', 'sh', fat, boot])

  const unfinished = join(work, 'disk.img')
  await writeFile(unfinished, '')
  await truncate(unfinished, layout.size)
  await run('sfdisk', ['--quiet', unfinished], sfdiskScript(layout))
  for (const [part, { start }] of [
    [fat, layout.boot],
    [root, layout.root],
  ] as const) {
    await run('dd', [
      `if=${part}`,
      `of=${unfinished}`,
      'bs=1M',
      `seek=${start}`,
      'oflag=seek_bytes',
      'conv=notrunc,sparse',
      'status=none',
    ])
  }
  await rename(unfinished, image)
  await rm(work, { recursive: true })
}

async function sizeOf(tree: string): Promise<{ bytes: number; files: number }> {
  const [size] = (await read('du', ['-sx', '--block-size=1', tree])).split('\t')
  const [files] = (await read('du', ['-sx', '--inodes', tree])).split('\t')
  return { bytes: Number(size), files: Number(files) }
}
