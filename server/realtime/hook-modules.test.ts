import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { loadHookModules } from './hook-modules.ts'

test('what a module exports are hooks', async () => {
  const [module] = await loadHookModules([
    write("export const beforeConnect = () => ({ allow: false, message: 'no' })"),
  ])
  expect(module?.hooks.beforeConnect?.({} as never)).toEqual({ allow: false, message: 'no' })
})

test.each([
  ['is not there', undefined, /cannot be loaded/],
  ['is not JavaScript', 'export const =', /cannot be loaded/],
  ['fails', "throw new Error('no settings')", /cannot be loaded \(no settings\)/],
  ['exports nothing', 'const connect = 1', /exports no hooks/],
  ['exports what is no hook', 'export function onConnect() {}', /exports onConnect, which is no hook. Known: connect,/],
  ['exports what is no function', 'export const connect = 1', /connect in .* is not a function/],
])('a module that %s is said when starting', async (_what, text, problem) => {
  const path = text === undefined ? join(temporaryFolder(), 'absent.mjs') : write(text)
  await expect(loadHookModules([path])).rejects.toMatchObject({
    code: 'config_invalid',
    problems: [expect.stringMatching(problem)],
  })
})

function write(text: string): string {
  const path = join(temporaryFolder(), 'hooks.mjs')
  writeFileSync(path, text)
  return path
}
