import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { WebContents } from 'electron'
import type { Log } from '../log.ts'

/** Pages as they were when they last ran well, each in one file (MHTML): what is shown while they cannot be had. */
export interface LastGood {
  /** Keeps what these contents show as the page of this address. */
  keep(url: string, contents: Pick<WebContents, 'savePage'>): Promise<void>
  find(url: string): Promise<{ readonly file: string; readonly savedAt: number } | null>
}

/** The newest so many pages are kept, none larger than this. */
const pages = 4
const largest = 24 * 1024 ** 2

export function openLastGood(folder: string, log: Log): LastGood {
  const fileOf = (url: string): string =>
    join(folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.mhtml`)

  async function drop(): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.mhtml'))
    const files = await Promise.all(
      names.map(async (name) => ({ file: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
    )
    const old = files.sort((a, b) => b.at - a.at).slice(pages)
    await Promise.all(old.map(({ file }) => rm(file, { force: true })))
  }

  return {
    async keep(url, contents) {
      const file = fileOf(url)
      const draft = `${file}.tmp`
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await contents.savePage(draft, 'MHTML')
        const { size } = await stat(draft)
        if (size === 0 || size > largest) throw new Error(`${size} bytes is not a size that is kept`)
        await rename(draft, file)
        await drop()
        log.info('page kept', { bytes: size })
      } catch (error) {
        await rm(draft, { force: true })
        log.warn('page not kept', { error: error instanceof Error ? error.message : String(error) })
      }
    },
    async find(url) {
      const file = fileOf(url)
      const found = await stat(file).catch(() => null) // there is none
      return found === null || found.size === 0 ? null : { file, savedAt: found.mtimeMs }
    },
  }
}
