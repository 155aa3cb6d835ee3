import { execFile } from 'node:child_process'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mebibyte } from '../../build/image/partitions.ts'
import { run } from '../../build/image/run.ts'

const execute = promisify(execFile)

export interface TestDisk {
  readonly disk: string
  /** A private key that opens the machine. */
  readonly key: string
  /** Replaces kiosk.conf on the boot partition, while the machine is off. */
  configure(lines: readonly string[]): Promise<void>
}

/** A copy of the image on a larger card, with a key on its boot partition, as somebody who wants in would put there. */
export async function prepareDisk(image: string, folder: string): Promise<TestDisk> {
  const disk = join(folder, 'disk.img')
  await run('cp', ['--sparse=always', image, disk])
  await truncate(disk, 2560 * mebibyte)
  const key = join(folder, 'key')
  await rm(key, { force: true })
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  await put(disk, 'authorized_keys', await readFile(`${key}.pub`))
  return {
    disk,
    key,
    configure: (lines) => put(disk, 'kiosk.conf', Buffer.from(`${lines.join('\r\n')}\r\n`)),
  }
}

async function put(disk: string, name: string, content: Buffer): Promise<void> {
  const file = `${disk}.${name}`
  await writeFile(file, content)
  await run('mcopy', ['-o', '-i', `${disk}@@${4 * mebibyte}`, file, `::${name}`])
  await rm(file)
}
