import type { JsonFile } from './json-file.ts'
import type { Log } from './log.ts'

/** Keeps the newest value in a file: one write at a time, and never an older value after a newer one. */
export interface NewestFile<T> {
  /** Resolves once this value, or a newer one, is on the card: with false where it could not be written. */
  save(value: T): Promise<boolean>
  /** Resolves once nothing is being written. */
  saved(): Promise<void>
}

/** `what` is kept, for the log. */
export function newestFile<T>(file: Pick<JsonFile<T>, 'write'>, what: string, log: Log): NewestFile<T> {
  let newest: { readonly value: T } | null = null
  let writing: Promise<boolean> = Promise.resolve(true)
  return {
    save(value) {
      newest = { value }
      writing = writing.then(async (before) => {
        if (newest === null) return before // a write since has taken this one along
        const next = newest.value
        newest = null
        try {
          await file.write(next)
          return true
        } catch (error) {
          log.error(`${what} not kept`, { error: error instanceof Error ? error.message : String(error) })
          return false
        }
      })
      return writing
    },
    saved: () => writing.then(() => undefined),
  }
}
