import { existsSync } from 'node:fs'
import type { Architecture } from './packages.ts'
import { run } from './run.ts'

const handlers = { armhf: 'qemu-arm', arm64: 'qemu-aarch64', amd64: null } as const
const native = { arm: 'armhf', arm64: 'arm64', x64: 'amd64' } as const

/** Whether the kernel here starts programs of that architecture; if not yet, it is told how. */
export async function prepareEmulation(arch: Architecture): Promise<void> {
  const handler = handlers[arch]
  const folder = '/proc/sys/fs/binfmt_misc'
  if (handler === null || native[process.arch as keyof typeof native] === arch || existsSync(`${folder}/${handler}`))
    return
  if (!existsSync(`${folder}/register`)) await run('mount', ['-t', 'binfmt_misc', 'binfmt_misc', folder])
  await run('update-binfmts', ['--enable', handler])
}
