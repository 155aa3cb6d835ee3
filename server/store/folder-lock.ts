import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Holds a data folder for one server, or answers null when another has it. The lock is the operating system's on a file
 * of its own, by way of SQLite because Node has none: it ends with the process, however that ends.
 *
 * @throws when the folder cannot be written
 */
export function lockFolder(folder: string): Disposable | null {
  const path = join(folder, 'carillon.lock')
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    // Whoever can open it can hold it.
    chmodSync(path, 0o600)
    file.exec('BEGIN EXCLUSIVE')
    return file
  } catch (error) {
    file.close()
    if (isLocked(error)) return null
    throw error
  }
}

const sqliteBusy = 5

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}
