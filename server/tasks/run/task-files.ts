import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskFile } from '#protocol/tasks.ts'

/** What tasks write for their owners, a folder each. */
export interface TaskFiles {
  /** For one run: answers paths, and in the end what was written there. */
  open(taskId: string): OpenTaskFiles
  pathOf(taskId: string, name: string): string
  remove(taskId: string): Promise<void>
}

export interface OpenTaskFiles {
  declare(name: string, type: string): Promise<string>
  written(): Promise<readonly TaskFile[]>
}

const maxFiles = 100

export function createTaskFiles(folder: string): TaskFiles {
  return {
    open(taskId) {
      const declared = new Map<string, string>()
      return {
        async declare(name, type) {
          if (!/^\w[\w.-]{0,99}$/.test(name)) {
            throw new Error(
              'The name of a file has at most 100 letters, digits, dots, _ and -, and begins with none of the last three.',
            )
          }
          if (!/^[\w.+-]{1,60}\/[\w.+-]{1,60}(; ?charset=[\w-]{1,20})?$/.test(type)) {
            throw new Error('The type of a file is a media type such as text/csv.')
          }
          if (declared.size >= maxFiles && !declared.has(name))
            throw new Error(`A task writes at most ${maxFiles} files.`)
          declared.set(name, type)
          await mkdir(join(folder, taskId), { recursive: true, mode: 0o700 })
          return join(folder, taskId, name)
        },
        async written() {
          const files: TaskFile[] = []
          for (const [name, type] of declared) {
            const found = await stat(join(folder, taskId, name)).catch(() => null)
            if (found?.isFile()) files.push({ name, bytes: found.size, type })
          }
          return files
        },
      }
    },
    pathOf: (taskId, name) => join(folder, taskId, name),
    remove: (taskId) => rm(join(folder, taskId), { recursive: true, force: true }),
  }
}
