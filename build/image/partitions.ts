/** Where the two partitions lie, in bytes; the same on every architecture but for the kind of table. */
export interface Layout {
  readonly table: 'dos' | 'gpt'
  readonly boot: Span
  readonly root: Span
  /** Of the whole image. */
  readonly size: number
}

interface Span {
  readonly start: number
  readonly size: number
}

export const mebibyte = 1024 * 1024
const bootSize = 192 * mebibyte
/** Room for the first boot, before the partition grows: a package list, a kernel, logs of the installer. */
const slack = 96 * mebibyte
/** GPT keeps a second table at the end. */
const tail = mebibyte

/** The root file system's size for a tree of so many bytes and files: ext4 needs room for itself and an inode a file. */
export function rootSize(bytes: number, files: number): number {
  return upTo(bytes * 1.06 + files * 512 + slack, 4 * mebibyte)
}

export function layoutOf(table: Layout['table'], rootBytes: number): Layout {
  const boot = { start: 4 * mebibyte, size: bootSize }
  const root = { start: boot.start + boot.size, size: rootBytes }
  return { table, boot, root, size: root.start + root.size + tail }
}

/** What sfdisk is told. The ROM of older boards reads only a DOS table, and of FAT only the types b and c. */
export function sfdiskScript({ table, boot, root }: Layout): string {
  const [bootType, rootType] = table === 'dos' ? ['c', '83'] : ['U', 'L']
  return [
    `label: ${table}`,
    `start=${sectors(boot.start)}, size=${sectors(boot.size)}, type=${bootType}${table === 'dos' ? ', bootable' : ''}`,
    `start=${sectors(root.start)}, size=${sectors(root.size)}, type=${rootType}`,
    '',
  ].join('\n')
}

function sectors(bytes: number): number {
  return bytes / 512
}

function upTo(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step
}
