import { execFile, spawnSync } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { overlay } from './overlay.ts'

const execute = promisify(execFile)
const files = (await readdir(overlay, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const))
const scripts = texts
  .filter(([file, text]) => text.startsWith('#!/bin/sh\n') || file.endsWith('.sh'))
  .map(([file]) => file)

test.each(scripts.map((file) => file.slice(overlay.length + 1)))('%s is a script that sh reads', async (name) => {
  await execute('/bin/sh', ['-n', join(overlay, name)])
  const { mode } = await stat(join(overlay, name))
  expect((mode & 0o111) !== 0).toBe(!name.endsWith('.sh'))
})

test('there are scripts', () => {
  expect(scripts.length).toBeGreaterThan(10)
})

test('Chromium keeps its sandbox, and no secret or password is in the image', () => {
  for (const [file, text] of texts) {
    expect(text, file).not.toContain('--no-sandbox')
    expect(text, file).not.toMatch(/PasswordAuthentication yes|PermitRootLogin yes/)
  }
})

test('what a script of ours starts of ours is there', () => {
  const own = new Set(files.map((file) => file.slice(file.indexOf('/usr/lib/carillon/'))))
  for (const [file, text] of texts) {
    for (const [path] of text.matchAll(/\/usr\/lib\/carillon\/[a-z.-]+/g))
      expect(own, `${path} in ${file}`).toContain(path)
  }
})

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0
test.skipIf(!analyze)('systemd understands the units', async () => {
  const units = files.filter((file) => /\/system\/carillon-.*\.(service|timer)$/.test(file))
  const { stdout, stderr } = await execute('systemd-analyze', ['verify', '--man=no', ...units]).catch((error) => error)
  // Programs that are in the image are not here.
  const said = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('carillon-') && !line.includes('is not executable'))
  expect(said).toEqual([])
})

test.each([
  ['03:00-05:00', '02:59', false],
  ['03:00-05:00', '03:00', true],
  ['03:00-05:00', '05:00', false],
  ['23:00-01:30', '23:30', true],
  ['23:00-01:30', '00:10', true],
  ['23:00-01:30', '12:00', false],
  ['08:09-09:08', '08:30', true],
])('the window %s at %s is open: %s', async (window, time, open) => {
  const script = `. "$1" && if is_open "$2" "$3"; then echo open; fi`
  const library = join(overlay, 'common/usr/lib/carillon/window.sh')
  const { stdout } = await execute('/bin/sh', ['-euc', script, 'sh', library, window, time])
  expect(stdout.trim()).toBe(open ? 'open' : '')
})
