import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { registerHandler } from './emulation.ts'

const line = String.raw`:qemu-arm:M::\x7fELF:\xff:/usr/libexec/qemu-binfmt/arm-binfmt-P:OPF`

test('a kernel that was told nothing is told what qemu-user-static has written down', async () => {
  const { folder, ...places } = await kernel({ register: '' })
  await registerHandler('qemu-arm', { folder, ...places })
  expect(await readFile(join(folder, 'register'), 'utf8')).toBe(line)
})

test('a kernel that knows is left alone, and one that knows and was switched off is switched on', async () => {
  const { folder, ...places } = await kernel({ register: '', 'qemu-arm': 'enabled\nflags: PF\n' })
  await registerHandler('qemu-arm', { folder, ...places })
  expect(await readFile(join(folder, 'register'), 'utf8')).toBe('')
  expect(await readFile(join(folder, 'qemu-arm'), 'utf8')).toBe('enabled\nflags: PF\n')
  await writeFile(join(folder, 'qemu-arm'), 'disabled\nflags: PF\n')
  await registerHandler('qemu-arm', { folder, ...places })
  expect(await readFile(join(folder, 'qemu-arm'), 'utf8')).toBe('1')
})

test('a container that may not tell the kernel says who can', async () => {
  const { folder, ...places } = await kernel({})
  await mkdir(join(folder, 'register'))
  await expect(registerHandler('qemu-arm', { folder, ...places })).rejects.toThrow(
    /qemu-arm \(EISDIR.*\)\. In a container .*: install qemu-user-static on its host/,
  )
})

/** A folder like the kernel's, and one like the package's. */
async function kernel(files: Record<string, string>): Promise<{ folder: string; formats: string }> {
  const root = await mkdtemp(join(tmpdir(), 'carillon-binfmt-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const [folder, formats] = [join(root, 'kernel'), join(root, 'formats')]
  await mkdir(folder)
  await mkdir(formats)
  await writeFile(join(formats, 'qemu-arm.conf'), `${line}\n`)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return { folder, formats }
}
