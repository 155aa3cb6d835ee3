import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { memoryLog } from '../log.ts'
import { openLastGood } from './last-good.ts'

const contentsWith = (text: string | Buffer) => ({ savePage: (path: string) => writeFile(path, text) })

test('keeps a page whole under its address and finds it again', async () => {
  const folder = temporaryFolder()
  const kept = openLastGood(join(folder, 'pages'), memoryLog())
  expect(await kept.find('https://a.example/')).toBeNull()
  await kept.keep('https://a.example/', contentsWith('one'))
  const found = await openLastGood(join(folder, 'pages'), memoryLog()).find('https://a.example/')
  expect(found).toMatchObject({ file: expect.stringMatching(/\.mhtml$/), savedAt: expect.any(Number) })
  expect(await kept.find('https://a.example/other')).toBeNull()
})

test('a page that cannot be saved leaves the one from before', async () => {
  const folder = temporaryFolder()
  const log = memoryLog()
  const kept = openLastGood(folder, log)
  await kept.keep('https://a.example/', contentsWith('one'))
  await kept.keep('https://a.example/', contentsWith(''))
  await kept.keep('https://a.example/', contentsWith(Buffer.alloc(25 * 1024 ** 2)))
  await kept.keep('https://a.example/', { savePage: () => Promise.reject(new Error('Failed to save the page')) })
  expect(await kept.find('https://a.example/')).not.toBeNull()
  expect(await readdir(folder)).toHaveLength(1)
  expect(log.lines.filter((line) => line.startsWith('page not kept'))).toHaveLength(3)
})

test('only the newest four are kept', async () => {
  const folder = temporaryFolder()
  const kept = openLastGood(folder, memoryLog())
  for (let page = 0; page < 6; page++) await kept.keep(`https://a.example/${page}`, contentsWith('x'))
  expect(await readdir(folder)).toHaveLength(4)
  expect(await kept.find('https://a.example/5')).not.toBeNull()
})
