import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { isVisit, readConsole } from './console.ts'

const browser = 'text/html,application/xhtml+xml,*/*;q=0.8'

test.each([
  ['a browser at an address that is none', 'GET', '/screens', browser, true],
  ['a browser at the API', 'GET', '/api/v1/nothing', browser, false],
  ['a form', 'POST', '/screens', browser, false],
  ['a program', 'GET', '/screens', '*/*', false],
  ['a program that says nothing', 'GET', '/screens', undefined, false],
])('%s', (_, method, url, accept, expected) => {
  const request = { method, url, headers: { accept } } as unknown as Parameters<typeof isVisit>[0]
  expect(isVisit(request)).toBe(expected)
})

test('a console that is built anew under a running server is the one that is sent', async () => {
  const folder = temporaryFolder()
  const index = join(folder, 'index.html')
  await writeFile(index, '<script src="/assets/first.js">')
  const page = await readConsole(folder)
  expect(await page?.()).toContain('first.js')
  // While it is built there is none.
  await rm(index)
  expect(await page?.()).toContain('first.js')
  await writeFile(index, '<script src="/assets/second.js">')
  expect(await page?.()).toContain('second.js')
  await rm(index)
  expect(await page?.()).toContain('second.js')
})
