import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { jsonFile } from './json-file.ts'
import { memoryLog } from './log.ts'

const schema = z.object({ server: z.string() })

test('what was written is read back, from a file of the owner alone', async () => {
  const folder = await newFolder()
  const file = jsonFile(join(folder, 'deep', 'settings.json'), schema, memoryLog())
  await file.write({ server: 'http://a' })
  await Promise.all(['http://b', 'http://c'].map((server) => file.write({ server })))
  expect(await file.read()).toEqual({ server: expect.stringMatching(/^http:\/\/[bc]$/) })
  expect((await stat(join(folder, 'deep', 'settings.json'))).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'deep'))).toEqual(['settings.json'])
})

test('a missing file is nothing, and removing it twice is fine', async () => {
  const log = memoryLog()
  const file = jsonFile(join(await newFolder(), 'settings.json'), schema, log)
  expect(await file.read()).toBeNull()
  await file.remove()
  await file.write({ server: 'http://a' })
  await file.remove()
  await file.remove()
  expect(await file.read()).toBeNull()
  expect(log.lines).toEqual([])
})

test.each(['', '{"server": 7}', '{"server":', 'null'])('a file holding %j is ignored and said so', async (text) => {
  const log = memoryLog()
  const path = join(await newFolder(), 'settings.json')
  await writeFile(path, text)
  expect(await jsonFile(path, schema, log).read()).toBeNull()
  expect(log.lines).toEqual([expect.stringContaining('file ignored path=')])
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-json-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}
