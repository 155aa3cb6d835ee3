import type { JsonFile } from '../json-file.ts'

/** A file that is only remembered. */
export function memoryFile<T>(content: T | null = null): JsonFile<T> & { content: T | null } {
  const file = {
    content,
    read: async () => file.content,
    write: async (value: T) => {
      file.content = value
    },
    remove: async () => {
      file.content = null
    },
  }
  return file
}
