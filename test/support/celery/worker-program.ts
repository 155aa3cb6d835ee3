import { join } from 'node:path'
import { type ChildProgram, startChild } from '../child-program.ts'
import { carillon } from '../server-process.ts'

export const siteFolder = join(import.meta.dirname, 'site')

export interface WorkerOptions {
  readonly broker: string
  /** Without it results go to the queue of whoever waits. */
  readonly redis?: string
  readonly name: string
  readonly args?: readonly string[]
  /** `tasks` of the configuration. */
  readonly tasks?: Readonly<Record<string, unknown>>
}

/** `carillon worker` as a user runs it, with the tasks of the folder `site`. Resolves when it takes tasks. */
export async function startWorker(options: WorkerOptions): Promise<ChildProgram> {
  const { broker, redis, name, args = [], tasks = {} } = options
  const child = startChild(process.execPath, [carillon, 'worker', '--name', name, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AMQP_URL: broker,
      ...(redis !== undefined && { REDIS_URL: redis }),
      CARILLON_TASKS: JSON.stringify({ folder: siteFolder, concurrency: 2, ...tasks }),
      CARILLON_LOG_LEVEL: 'debug',
    },
  })
  await child.waitFor(/takes tasks from/, 60_000)
  return child
}
