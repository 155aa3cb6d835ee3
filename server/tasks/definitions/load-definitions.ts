import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { TaskDefinition, TaskKit, TaskModule } from '../definition.ts'
import { productTasks } from '../product/product-tasks.ts'
import { problemWith } from './check-definition.ts'

/** What is known of tasks: by this server, and in each of its threads. */
export interface Definitions {
  readonly byName: ReadonlyMap<string, TaskDefinition>
  /** Modules of the site that gave tasks: they alone are loaded in threads. */
  readonly modules: readonly string[]
  /** Modules that were refused, and why. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[]
}

const kit: TaskKit = { z, task: (definition) => definition }

/** A module that awaits something when it is loaded is not waited for without end. */
const patienceMs = 10_000

/** The product's tasks and those of the site's folder: a module with something wrong is refused, the others go on. */
export async function loadDefinitions(folder: string | undefined): Promise<Definitions> {
  if (folder === undefined) return loadModules([])
  try {
    return await loadModules(await modulesIn(folder))
  } catch (error) {
    const { byName } = await loadModules([])
    const problem = `the folder cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`
    return { byName, modules: [], problems: [{ path: folder, problem }] }
  }
}

/** The product's tasks and those of these modules. */
export async function loadModules(paths: readonly string[]): Promise<Definitions> {
  const byName = new Map<string, TaskDefinition>(productTasks.map((task) => [task.name, task]))
  const modules: string[] = []
  const problems: { path: string; problem: string }[] = []
  for (const path of paths) {
    try {
      const given = await definitionsOf(path)
      const problem = problemAmong(given, byName)
      if (problem === null) {
        for (const task of given) byName.set(task.name, task)
        modules.push(path)
      } else problems.push({ path, problem })
    } catch (error) {
      problems.push({
        path,
        problem: `it cannot be loaded (${error instanceof Error ? error.message : String(error)})`,
      })
    }
  }
  return { byName, modules, problems }
}

async function modulesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && /^[^._].*\.(js|mjs|ts|mts)$/.test(entry.name))
    .filter(({ name }) => !/\.(test|d)\.\w+$/.test(name))
    .map(({ name }) => join(folder, name))
    .sort()
}

async function definitionsOf(path: string): Promise<readonly TaskDefinition[]> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('it was not loaded within ten seconds')), patienceMs)
  try {
    const { default: make } = await Promise.race([
      import(pathToFileURL(path).href) as Promise<{ default?: TaskModule }>,
      tooLate,
    ])
    if (typeof make !== 'function') {
      throw new Error('its default export is no function: export default ({ z, task }) => task({ … })')
    }
    const given = await Promise.race([make(kit), tooLate])
    return Array.isArray(given) ? given : [given as TaskDefinition]
  } finally {
    clearTimeout(timer)
  }
}

function problemAmong(given: readonly TaskDefinition[], known: ReadonlyMap<string, TaskDefinition>): string | null {
  const names = new Set<string>()
  for (const task of given) {
    const problem = problemWith(task)
    if (problem !== null) return typeof task?.name === 'string' ? `${task.name}: ${problem}` : problem
    if (task.name.startsWith('carillon.')) return `${task.name}: names that begin with carillon. are the product's.`
    if (known.has(task.name) || names.has(task.name)) return `${task.name}: there is a task of this name already.`
    names.add(task.name)
  }
  return given.length === 0 ? 'it gives no task' : null
}
