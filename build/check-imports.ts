import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listSources, readImports } from './import-graph.ts'
import { findViolations } from './import-rules.ts'

/** Holds every file to the import directions of the architecture; exits with 1 when one breaks them. */
const root = join(import.meta.dirname, '..')
const aliases: Record<string, string> = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).imports ?? {}
const files = listSources(root)
const violations = findViolations(files.flatMap((file) => readImports(root, file, aliases)))
for (const violation of violations) console.error(violation)
console.log(`${files.length} files, ${violations.length} imports in a wrong direction`)
process.exitCode = violations.length === 0 ? 0 : 1
