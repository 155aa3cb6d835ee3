import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { missingSpace } from './space.ts'

const gigabyte = 1e9

test('a disk that is too full is said before anything is done', async () => {
  const wanted = { arch: 'armhf', cache: '/cache', output: '/out/a.img' } as const
  const one = (free: number) => async () => ({ device: 1, free })
  expect(await missingSpace(wanted, one(4 * gigabyte))).toBeNull()
  expect(await missingSpace(wanted, one(3 * gigabyte))).toBe(
    '/out has 3.0 GB free, and a build takes 3.5 GB there. Other folders are given with --output and --cache.',
  )
})

test('on two disks each needs its share, and none in a cache that holds Debian already', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'carillon-space-'))
  onTestFinished(() => rm(cache, { recursive: true }))
  const wanted = { arch: 'armhf', cache, output: '/out/a.img' } as const
  const two = async (folder: string) =>
    folder === cache ? { device: 1, free: gigabyte / 2 } : { device: 2, free: 3 * gigabyte }
  expect(await missingSpace(wanted, two)).toContain(`${cache} has 0.5 GB free, and a build takes 0.9 GB there`)
  for (const name of ['tree-amd64-0', 'tree-armhf-1.new']) await mkdir(join(cache, name))
  expect(await missingSpace(wanted, two)).toContain(cache)
  await mkdir(join(cache, 'tree-armhf-0'))
  expect(await missingSpace(wanted, two)).toBeNull()
})

test('the space of real folders is looked up, also of one that is not there yet', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-space-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const wanted = { arch: 'arm64', cache: join(folder, 'cache'), output: join(folder, 'out/a.img') } as const
  expect(await missingSpace(wanted)).toSatisfy((said) => said === null || /^\/.* has \d+\.\d GB free/.test(said))
})
