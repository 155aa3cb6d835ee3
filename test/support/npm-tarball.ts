import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

/** A package that tests run on without depending on it. */
export interface NpmTarball {
  readonly name: string
  /** Of its tarball: sha512, in base64. */
  readonly integrity: string
}

const commandTimeoutMs = 10 * 60_000

/** Fetches a package, checks that it is the one that was expected, and unpacks it into `folder`/package. */
export async function unpackTarball({ name, integrity }: NpmTarball, folder: string): Promise<void> {
  const { stdout } = await runCommand('npm', ['pack', name, '--silent', '--pack-destination', folder])
  const tarball = join(folder, stdout.trim())
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  if (hash.digest('base64') !== integrity) throw new Error(`${name} is not the file that was expected`)
  await runCommand('tar', ['-xzf', tarball, '-C', folder])
  await rm(tarball)
}

export function runCommand(program: string, args: string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(program, args, { timeout: commandTimeoutMs }).catch((cause: unknown) => {
    throw new Error(`${program} failed; npm, tar and unzip must be installed`, { cause })
  })
}
