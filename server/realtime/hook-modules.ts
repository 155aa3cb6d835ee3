import { pathToFileURL } from 'node:url'
import { ConfigError } from '#server/config/config-error.ts'
import { type HookSet, hookNames } from './hooks.ts'

export interface HookModule {
  readonly path: string
  readonly hooks: HookSet
}

/**
 * Loads the modules a site has written, each of which exports hooks by their names.
 *
 * @throws ConfigError with everything that is wrong with any of them
 */
export async function loadHookModules(paths: readonly string[]): Promise<readonly HookModule[]> {
  const problems: string[] = []
  const loaded: HookModule[] = []
  for (const path of paths) {
    try {
      const { default: _, ...hooks }: Record<string, unknown> = await import(pathToFileURL(path).href)
      problems.push(...problemsOf(path, hooks))
      loaded.push({ path, hooks: hooks as HookSet })
    } catch (error) {
      problems.push(
        `hooks.modules: ${path} cannot be loaded (${error instanceof Error ? error.message : String(error)}).`,
      )
    }
  }
  if (problems.length > 0) throw new ConfigError('config_invalid', problems)
  return loaded
}

function problemsOf(path: string, hooks: Readonly<Record<string, unknown>>): string[] {
  const names: readonly string[] = hookNames
  const exported = Object.entries(hooks)
  if (exported.length === 0) {
    return [`hooks.modules: ${path} exports no hooks. Export functions such as connect or beforeSubscribe.`]
  }
  return exported.flatMap(([name, hook]) => {
    if (!names.includes(name)) {
      return [`hooks.modules: ${path} exports ${name}, which is no hook. Known: ${names.join(', ')}.`]
    }
    return typeof hook === 'function' ? [] : [`hooks.modules: ${name} in ${path} is not a function.`]
  })
}
