import { mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ImageOptions } from './options.ts'
import { unfinished } from './tree.ts'

/** What a build takes at its fullest, in bytes, as measured for amd64, the largest; OpenGL and more packages come on top. */
const inCache = 0.9e9 // packages, and Debian unpacked
const atOutput = 2.6e9 // the app, the tree with it, its file system, and the disk

type Wanted = Pick<ImageOptions, 'arch' | 'cache' | 'output'>
interface Disk {
  readonly device: number
  readonly free: number
}

/** A sentence when the disk is too full for a build to come to its end, which may be half an hour away; else null. */
export async function missingSpace({ arch, cache, output }: Wanted, diskOf = findDisk): Promise<string | null> {
  const [kept, written] = [await diskOf(cache), await diskOf(dirname(output))]
  const trees = (await readdir(cache).catch(() => [])).filter((name) => name.startsWith(`tree-${arch}-`))
  const unpacked = trees.some((name) => !name.endsWith(unfinished))
  const forCache = unpacked ? 0 : inCache
  if (kept.device === written.device) return tooFull(dirname(output), written, atOutput + forCache)
  return tooFull(cache, kept, forCache) ?? tooFull(dirname(output), written, atOutput)
}

function tooFull(folder: string, { free }: Disk, needed: number): string | null {
  if (free >= needed) return null
  const [has, wants] = [free, needed].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`)
  return `${folder} has ${has} free, and a build takes ${wants} there. Other folders are given with --output and --cache.`
}

async function findDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  return { device: (await stat(folder)).dev, free: bavail * bsize }
}
