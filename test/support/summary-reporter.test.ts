import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const suites = {
  green: `test('a', () => {})`,
  red: `test('a', () => {}); test('b', () => { throw new Error('no') })`,
  broken: `throw new Error('this file does not load')`,
  skipping: `test('a', () => {}); describe.skip('on a part that is missing', () => { test('c', () => {}) })`,
  hook: `describe('x', () => { beforeAll(() => { throw new Error('no') }); test('a', () => {}) })`,
} as const

test('a run ends with its counts', async () => {
  expect(await run('green')).toEqual({ code: 0, last: '1 passed, 0 failed' })
})

test('a failed test, a file that does not load and a hook that throws are counted as failed', async () => {
  expect(await run('red')).toEqual({ code: 1, last: '1 passed, 1 failed' })
  expect(await run('broken')).toEqual({ code: 1, last: '0 passed, 1 failed' })
  expect(await run('hook')).toEqual({ code: 1, last: '0 passed, 1 failed, 1 skipped' })
})

test('skipping is allowed at home and fails in CI', async () => {
  expect(await run('skipping')).toEqual({ code: 0, last: '1 passed, 0 failed, 1 skipped' })
  expect(await run('skipping', { CI: 'true' })).toEqual({ code: 1, last: '1 passed, 0 failed, 1 skipped' })
})

/** Runs vitest itself on one small suite with the reporters of ours. */
async function run(suite: keyof typeof suites, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; last: string }> {
  const folder = await mkdtemp(join(root, 'node_modules/.cache-summary-'))
  try {
    await writeFile(
      join(folder, 'one.test.ts'),
      `import { beforeAll, describe, test } from 'vitest'\nvoid [beforeAll, describe]\n${suites[suite]}\n`,
    )
    await writeFile(
      join(folder, 'vitest.config.ts'),
      `import { SummaryReporter } from '${root}/test/support/summary-reporter.ts'
export default { test: { include: ['one.test.ts'], exclude: [], reporters: ['default', new SummaryReporter()] } }`,
    )
    return await new Promise((resolve) => {
      const { CI: _, VITEST: __, ...inherited } = process.env
      const options = { env: { ...inherited, NODE_ENV: 'test', ...env }, timeout: 50_000 }
      const vitest = join(root, 'node_modules/vitest/vitest.mjs')
      execFile(process.execPath, [vitest, 'run', '--root', folder], options, (error, stdout) => {
        resolve({ code: error === null ? 0 : Number(error.code), last: stdout.trimEnd().split('\n').at(-1) ?? '' })
      })
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}
