import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** What must hold before a commit. Each step is one command; all run at the same time. */
const steps = {
  'format and lint': ['biome', 'check', '--error-on-warnings', '.'],
  types: ['tsc', '--noEmit', '-p', '.'],
  'import directions': [process.execPath, 'build/check-imports.ts'],
  'unused code': ['knip', '--no-progress'],
} as const satisfies Record<string, readonly [string, ...string[]]>

/** A step still running after this long hangs. */
const stepTimeoutMs = 120_000
const root = join(import.meta.dirname, '..')

const started = performance.now()
const results = await Promise.all(Object.entries(steps).map(([name, command]) => runStep(name, command)))
const failed = results.filter((ok) => !ok).length
console.log(`${results.length - failed} of ${results.length} checks passed in ${seconds(started)}`)
process.exitCode = failed === 0 ? 0 : 1

/** Resolves when the step has ended and its line is printed; a failing step also prints all that it said. */
async function runStep(name: string, [program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  const start = performance.now()
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: stepTimeoutMs,
    env: { ...process.env, PATH: `${root}/node_modules/.bin:${process.env.PATH ?? ''}` },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      output += `${program} did not start: ${error.message}\n`
      resolve(null)
    })
    child.on('close', resolve)
  })
  const ok = code === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} ${seconds(start)}`)
  if (!ok) console.log(output.trimEnd())
  return ok
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
