import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import type { Log } from './log.ts'

/** A small file of our own in the user's data folder. */
export interface JsonFile<T> {
  /** What was last written; null when there is nothing, or nothing that can be read. */
  read(): Promise<T | null>
  /** Replaces the file whole: a crash leaves the old one or the new one. */
  write(value: T): Promise<void>
  remove(): Promise<void>
}

export function jsonFile<S extends z.ZodType>(path: string, schema: S, log: Log): JsonFile<z.infer<S>> {
  let writes = 0
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') log.warn('file not readable', { path, error: error.message })
        return null
      })
      if (text === null) return null
      const parsed = schema.safeParse(parseJson(text))
      if (!parsed.success) log.warn('file ignored', { path, error: parsed.error.issues[0]?.message ?? 'not valid' })
      return parsed.success ? parsed.data : null
    },
    async write(value) {
      const draft = `${path}.${process.pid}.${++writes}.tmp`
      await mkdir(dirname(path), { recursive: true })
      try {
        await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
    remove: () => rm(path, { force: true }),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the schema refuses it
  }
}
