import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { taskSettings } from '#server/config/tasks.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { loadDefinitions } from '../definitions/load-definitions.ts'
import type { TaskHost } from './host.ts'
import { createTaskThreads } from './task-threads.ts'

/** A folder with modules as a site writes them. */
export function siteFolder(modules: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, source] of Object.entries(modules)) writeFileSync(join(folder, name), source)
  return folder
}

/** One task without arguments of this body, which sees `context` and `z`. */
export function taskModule(name: string, body: string, more = ''): string {
  return `export default ({ z, task }) => task({
    name: '${name}', description: 'A test.', arguments: z.object({ n: z.number().optional() }), ${more}
    async run(args, context) { ${body} },
  })`
}

/** Real threads with these modules. */
export async function startThreads(modules: Readonly<Record<string, string>>, given: Record<string, unknown> = {}) {
  let logged = ''
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk)
      done()
    },
  })
  const definitions = await loadDefinitions(siteFolder(modules))
  const settings = taskSettings.parse({ concurrency: 2, ...given })
  const threads = createTaskThreads({
    ...{ definitions, settings, log: pino({ level: 'debug' }, sink), cancelGraceMs: 300 },
  })
  const progress: [number | null, string | null][] = []
  const host: TaskHost = {
    progress: (fraction, note) => progress.push([fraction, note]),
    submit: async (request) => `id-of-${request.name}`,
    file: async (name) => `/files/${name}`,
    ask: async (question) => {
      throw Object.assign(new Error(`Nobody knows ${question}.`), { code: 'unknown' })
    },
  }
  return {
    definitions,
    threads,
    progress,
    logged: () => logged,
    run: (
      name: string,
      args: unknown = {},
      signal = new AbortController().signal,
      more: { softLimit?: number; hardLimit?: number } = {},
    ) => threads.run({ id: randomUUID(), name, args: JSON.stringify(args), try: 1, ...more }, host, signal),
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  }
}
