import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { layoutOf, mebibyte, rootSize, sfdiskScript } from './partitions.ts'

const sfdisk = ['/usr/sbin/sfdisk', '/sbin/sfdisk'].find((path) => spawnSync(path, ['--version']).status === 0)

test('the file system is larger than what goes into it, and by a round number', () => {
  for (const [bytes, files] of [
    [1, 1],
    [300e6, 20_000],
    [950e6, 60_000],
  ] as const) {
    const size = rootSize(bytes, files)
    expect(size % (4 * mebibyte)).toBe(0)
    expect(size - bytes).toBeGreaterThan(90 * mebibyte)
    expect(size).toBeLessThan(bytes * 1.1 + 140 * mebibyte)
  }
})

test('partitions begin on 4 MiB, do not overlap and end before the image does', () => {
  for (const table of ['dos', 'gpt'] as const) {
    const { boot, root, size } = layoutOf(table, rootSize(800e6, 50_000))
    expect(boot.start % (4 * mebibyte)).toBe(0)
    expect(root.start % (4 * mebibyte)).toBe(0)
    expect(root.start).toBe(boot.start + boot.size)
    expect(size).toBeGreaterThan(root.start + root.size)
  }
})

test.skipIf(sfdisk === undefined).each(['dos', 'gpt'] as const)(
  'sfdisk makes the %s table as planned',
  async (table) => {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-disk-'))
    try {
      const disk = join(folder, 'disk.img')
      const layout = layoutOf(table, 64 * mebibyte)
      await writeFile(disk, '')
      await truncate(disk, layout.size)
      const made = spawnSync(sfdisk as string, ['--quiet', disk], { input: sfdiskScript(layout), encoding: 'utf8' })
      expect(made.stderr).toBe('')
      const { partitiontable } = JSON.parse(spawnSync(sfdisk as string, ['--json', disk], { encoding: 'utf8' }).stdout)
      expect(partitiontable.label).toBe(table)
      expect(partitiontable.partitions).toMatchObject([
        {
          start: layout.boot.start / 512,
          size: layout.boot.size / 512,
          ...(table === 'dos' && { type: 'c', bootable: true }),
        },
        { start: layout.root.start / 512, size: layout.root.size / 512, ...(table === 'dos' && { type: '83' }) },
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)
