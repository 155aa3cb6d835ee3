import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bringNativeParts, nativeParts } from './native-parts.ts'
import { packagingTrouble } from './packaging-trouble.ts'

test('native parts for another processor are named with the versions that belong to what is installed', async () => {
  const modules = await installed(['@napi-rs/keyring-linux-arm-gnueabihf'])
  const { missing, files } = nativeParts('armv7l', modules)
  expect(bringNativeParts(missing)).toBe('npm install --no-save --force @yuuang/ffi-rs-linux-arm-gnueabihf@1.3.7')
  expect(files).toEqual([
    'node_modules/@napi-rs/keyring-linux-arm-gnueabihf/**',
    'node_modules/@yuuang/ffi-rs-linux-arm-gnueabihf/**',
  ])
  expect(nativeParts('arm64', modules).missing).toEqual([
    '@napi-rs/keyring-linux-arm64-gnu@2.1.2',
    '@yuuang/ffi-rs-linux-arm64-gnu@1.3.7',
  ])
})

test('the packages that are installed here name parts for every processor of an image', () => {
  for (const arch of ['x64', 'arm64', 'armv7l'] as const) expect(nativeParts(arch).files).toHaveLength(2)
  expect(() => nativeParts('arm64', '/nowhere')).toThrow('/nowhere')
})

test('a download that fails is said in a sentence that says what to do', () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND github.com'), { name: 'RequestError' })
  expect(packagingTrouble(error)).toMatch(/^getaddrinfo ENOTFOUND github\.com\. Electron comes from .*ELECTRON_MIRROR/)
  expect(packagingTrouble(new Error('cannot find icon'))).toBe('cannot find icon')
})

/** A folder of modules: those that ask for native parts, and the parts that are there. */
async function installed(parts: readonly string[]): Promise<string> {
  const modules = await mkdtemp(join(tmpdir(), 'carillon-modules-'))
  onTestFinished(() => rm(modules, { recursive: true }))
  const asked = {
    keytar: { '@napi-rs/keyring-linux-arm-gnueabihf': '2.1.2', '@napi-rs/keyring-linux-arm64-gnu': '2.1.2' },
    'ffi-rs': { '@yuuang/ffi-rs-linux-arm-gnueabihf': '1.3.7', '@yuuang/ffi-rs-linux-arm64-gnu': '1.3.7' },
  }
  for (const [name, optionalDependencies] of Object.entries(asked)) {
    await mkdir(join(modules, name))
    await writeFile(join(modules, name, 'package.json'), JSON.stringify({ optionalDependencies }))
  }
  for (const name of parts) await mkdir(join(modules, name), { recursive: true })
  return modules
}
