import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { Import } from './import-rules.ts'

/** Every source file of ours below `root`, relative to it. */
export function listSources(root: string): string[] {
  const skipped = new Set(['node_modules', 'dist', 'release', 'coverage', 'resources'])
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name.startsWith('.') || skipped.has(entry.name) ? [] : walk(path)
      return /\.(ts|tsx|js|mjs|cjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
    })
  return walk('.').sort()
}

/**
 * What one file imports, statically or by `import('…')` with a literal.
 * @param aliases the `imports` field of package.json, such as `{ '#protocol/*': './protocol/*' }`
 */
export function readImports(root: string, file: string, aliases: Readonly<Record<string, string>>): Import[] {
  const source = readFileSync(join(root, file), 'utf8')
  const { module, errors } = parseSync(file, source)
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`)
  const written = [
    ...module.staticImports.map((one) => ({ specifier: one.moduleRequest.value, typeOnly: isErased(one.start) })),
    ...module.staticExports.flatMap((one) => {
      const specifier = one.entries[0]?.moduleRequest?.value
      return specifier === undefined ? [] : [{ specifier, typeOnly: isErased(one.start) }]
    }),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      const literal = /^(['"`])([^'"`$]+)\1$/.exec(source.slice(start, end))
      return literal?.[2] === undefined ? [] : [{ specifier: literal[2], typeOnly: false }]
    }),
  ]
  return written.map(({ specifier, typeOnly }) => ({ from: file, ...target(specifier), typeOnly }))

  /** `import { type A }` still loads the module under verbatimModuleSyntax; only `import type` goes away. */
  function isErased(start: number): boolean {
    return /^(import|export)\s+type\b/.test(source.slice(start, start + 20))
  }

  function target(specifier: string): { to: string; ours: boolean } {
    const path = specifier.startsWith('.') ? join(dirname(file), specifier) : fromAlias(specifier)
    if (path !== undefined) return { to: withExtension(root, path), ours: true }
    return { to: isBuiltin(specifier) && !specifier.startsWith('node:') ? `node:${specifier}` : specifier, ours: false }
  }

  function fromAlias(specifier: string): string | undefined {
    for (const [alias, place] of Object.entries(aliases)) {
      const prefix = alias.replace(/\*$/, '')
      if (specifier.startsWith(prefix)) return join(place.replace(/\*$/, ''), specifier.slice(prefix.length))
    }
    return undefined
  }
}

/** Vite lets `?raw` and the like follow a path; they are no part of the file's name. */
function withExtension(root: string, path: string): string {
  const bare = path.replace(/\?.*$/, '')
  return extname(bare) === '' ? `${relative(root, resolve(root, bare))}/` : bare
}
