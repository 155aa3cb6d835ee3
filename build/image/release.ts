import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { read, run } from './run.ts'

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
const packageLine = '${Package}\\t${Version}\\t${Architecture}\\n'

/** What is published beside an image: compressed, with a map of its blocks, its checksum and what it is made of. */
export async function writeRelease(tree: string, image: string, compress: boolean): Promise<string[]> {
  const base = image.replace(/\.img$/, '')
  const list = ['--admindir', `${tree}/var/lib/dpkg`, '-W', '-f', packageLine]
  await writeFile(`${base}.packages`, sorted(await read('dpkg-query', list)))
  await writeFile(`${base}.bmap`, await read('bmaptool', ['--quiet', 'create', image]))
  const written = [image, `${base}.bmap`, `${base}.packages`]
  if (compress) {
    await run('xz', ['-T0', '-6', '--keep', '--force', image])
    written.push(`${image}.xz`)
  }
  const sums = await Promise.all(written.map(async (file) => `${await sha256(file)}  ${basename(file)}\n`))
  await writeFile(`${base}.sha256`, sums.join(''))
  return [...written, `${base}.sha256`]
}

/** `name 1,234 MB`, with what it takes on the disk where that is less. */
export async function describeFile(file: string): Promise<string> {
  const { size, blocks } = await stat(file)
  const real = blocks * 512
  const note = real < size * 0.95 ? ` (${megabytes(real)} of it written)` : ''
  return `${file} ${megabytes(size)}${note}`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 0)} MB`
}

function sorted(lines: string): string {
  return `${lines.trimEnd().split('\n').toSorted().join('\n')}\n`
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
