import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture } from './packages.ts'
import { run } from './run.ts'

const handlers = { armhf: 'qemu-arm', arm64: 'qemu-aarch64', amd64: null } as const
const native = { arm: 'armhf', arm64: 'arm64', x64: 'amd64' } as const

/**
 * Whether the kernel here starts programs of that architecture; if not yet, it is told how. On a machine that was
 * started by systemd qemu-user-static has done so; in a container, or under another init, nobody has.
 */
export async function prepareEmulation(arch: Architecture): Promise<void> {
  const handler = handlers[arch]
  if (handler === null || native[process.arch as keyof typeof native] === arch) return
  const folder = '/proc/sys/fs/binfmt_misc'
  if (!existsSync(join(folder, 'register'))) await run('mount', ['-t', 'binfmt_misc', 'binfmt_misc', folder])
  await registerHandler(handler, { folder, formats: '/usr/lib/binfmt.d' })
}

/** What qemu-user-static has written down of a processor, said to the kernel unless it was told before. */
export async function registerHandler(handler: string, { folder, formats }: { folder: string; formats: string }) {
  const known = join(folder, handler)
  if (existsSync(known)) {
    if ((await readFile(known, 'utf8')).startsWith('disabled')) await writeFile(known, '1')
    return
  }
  const format = await readFile(join(formats, `${handler}.conf`), 'utf8')
  try {
    await writeFile(join(folder, 'register'), format.trim())
  } catch (error) {
    throw new Error(
      `The kernel cannot be told how to start programs for ${handler} (${error instanceof Error ? error.message : error}). ` +
        'In a container that may not: install qemu-user-static on its host, which tells the kernel for all.',
    )
  }
}
