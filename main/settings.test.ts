import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { memoryLog } from './log.ts'
import { openSettings } from './settings.ts'

const bounds = { x: 10, y: 20, width: 900, height: 700, maximized: false }

test('settings are empty at first and are remembered', async () => {
  const path = await newPath()
  const first = await openSettings(path, memoryLog())
  expect(first.value).toEqual({ server: null, chosen: null, bounds: null })
  first.change({ server: 'http://a' })
  first.change({ bounds })
  await first.saved()
  expect((await openSettings(path, memoryLog())).value).toEqual({ server: 'http://a', chosen: null, bounds })
})

test('one setting that is not valid does not cost the others', async () => {
  const path = await newPath()
  await writeFile(path, JSON.stringify({ server: 'http://a', bounds: { ...bounds, width: -1 } }))
  expect((await openSettings(path, memoryLog())).value).toEqual({ server: 'http://a', chosen: null, bounds: null })
})

test('settings that cannot be written are logged and stand for this run', async () => {
  const log = memoryLog()
  const store = await openSettings('/dev/null/settings.json', log)
  store.change({ server: 'http://a' })
  await store.saved()
  expect(store.value.server).toBe('http://a')
  expect(log.lines.at(-1)).toContain('settings not saved')
})

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-settings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'settings.json')
}
