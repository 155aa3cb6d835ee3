import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { readOrCreateSecret } from './secret-file.ts'

test('a new secret has 256 random bits in a file of mode 0600, and stays the same', () => {
  const path = join(temporaryFolder(), 'secret')
  const secret = readOrCreateSecret(path)
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8').trim()).toBe(secret)
  expect(readOrCreateSecret(path)).toBe(secret)
  expect(readOrCreateSecret(join(temporaryFolder(), 'secret'))).not.toBe(secret)
})

test('nothing is left beside it', () => {
  const data = temporaryFolder()
  readOrCreateSecret(join(data, 'secret'))
  expect(readdirSync(data)).toEqual(['secret'])
})

test.each([0o604, 0o640, 0o644, 0o666])('a secret of mode %o is refused with a sentence', (mode) => {
  const path = join(temporaryFolder(), 'secret')
  const secret = readOrCreateSecret(path)
  chmodSync(path, mode)
  let refused: unknown
  try {
    readOrCreateSecret(path)
  } catch (error) {
    refused = error
  }
  expect(refused).toMatchObject({ code: 'secret_exposed', message: expect.stringContaining(`chmod 600 ${path}`) })
  expect(String(refused)).not.toContain(secret)
})

test.each(['', 'short', 'x'.repeat(42), `${'x'.repeat(50)} ${'y'.repeat(50)}`])(
  'a file that holds "%s" is refused and left as it is',
  (text) => {
    const path = join(temporaryFolder(), 'secret')
    writeFileSync(path, text, { mode: 0o600 })
    expect(() => readOrCreateSecret(path)).toThrow(expect.objectContaining({ code: 'secret_malformed' }))
    expect(readFileSync(path, 'utf8')).toBe(text)
  },
)

test('a folder that is not there is refused with a sentence', () => {
  const path = join(temporaryFolder(), 'absent', 'secret')
  expect(() => readOrCreateSecret(path)).toThrow(expect.objectContaining({ code: 'secret_unwritable' }))
  expect(existsSync(path)).toBe(false)
})

test('a folder in its place is refused with a sentence', () => {
  const path = temporaryFolder()
  chmodSync(path, 0o700)
  expect(() => readOrCreateSecret(path)).toThrow(expect.objectContaining({ code: 'secret_unreadable' }))
})
