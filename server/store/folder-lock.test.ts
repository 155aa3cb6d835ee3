import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

test('a folder is held by one at a time, through a file that nobody else can open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-lock-'))
  const lock = lockFolder(folder)
  expect(lock).not.toBeNull()
  expect(lockFolder(folder)).toBeNull()
  expect(statSync(join(folder, 'carillon.lock')).mode & 0o777).toBe(0o600)
  lock?.[Symbol.dispose]()
  const next = lockFolder(folder)
  expect(next).not.toBeNull()
  next?.[Symbol.dispose]()
})

test('a folder that is not there is an error, not one that is held', () => {
  expect(() => lockFolder('/nowhere/carillon')).toThrow()
})
