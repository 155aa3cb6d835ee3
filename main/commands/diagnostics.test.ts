import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { maxValueCharacters } from '#protocol/device-commands.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { memoryLog } from '../log.ts'
import { fakeHost } from '../test-support/fake-host.ts'
import { diagnose } from './diagnostics.ts'
import { healthReader } from './health.ts'

const host = fakeHost()
const health = healthReader({ native: host.native, log: memoryLog(), shell: host.shell })()
const base = { shell: host.shell, state: { phase: 'starting' }, health, version: '1.2.3' } as const

test('diagnostics hold the newest of the log, as much as fits, and no secret', async () => {
  const logFile = join(temporaryFolder(), 'main.log')
  const lines = Array.from({ length: 5000 }, (_, n) => `[info] line ${n} "quoted" token=s3cret-${n} of a device`)
  await writeFile(logFile, `${[...lines, 'the-credential was used'].join('\n')}\n`)
  const report = await diagnose({ ...base, logFile, secrets: ['the-credential'] })
  expect(JSON.stringify(report).length).toBeLessThanOrEqual(maxValueCharacters)
  expect(report.log.length).toBeGreaterThan(50)
  expect(report.log.at(-2)).toContain('line 4999')
  expect(JSON.stringify(report)).not.toMatch(/s3cret|the-credential/)
})

test('a device whose log cannot be read says so and the rest', async () => {
  const report = await diagnose({ ...base, logFile: '/', secrets: [] })
  expect(report).toMatchObject({ versions: { app: '1.2.3' }, log: [expect.stringContaining('not read')] })
})

test('what the main process waits for is counted by its kind', async () => {
  const timersOf = async () => (await diagnose({ ...base, logFile: '/', secrets: [] })).app.waitsFor.Timeout ?? 0
  const before = await timersOf()
  const timers = [setTimeout(() => {}, 60_000), setTimeout(() => {}, 60_000)]
  expect(await timersOf()).toBe(before + 2)
  for (const timer of timers) clearTimeout(timer)
})
