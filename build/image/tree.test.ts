import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { removeOutdated } from './tree.ts'

test('the cache keeps the packages and the trees of today, and of other architectures all', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'carillon-cache-'))
  onTestFinished(() => rm(cache, { recursive: true }))
  const old = ['archives', 'tree-armhf-1', 'tree-armhf-2.new', 'tree-arm64-1']
  for (const name of [...old, 'tree-armhf-3', 'tree-armhf-4.new']) await mkdir(join(cache, name))
  const yesterday = Date.now() / 1000 - 25 * 3600
  for (const name of old) await utimes(join(cache, name), yesterday, yesterday)
  await removeOutdated({ cache, arch: 'armhf' })
  expect((await readdir(cache)).sort()).toEqual(['archives', 'tree-arm64-1', 'tree-armhf-3', 'tree-armhf-4.new'])
})
