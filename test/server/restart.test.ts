import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'

const result = z.object({
  clients: z.number(),
  allBackSeconds: z.number(),
  recovered: z.number(),
  notRecovered: z.number(),
  publications: z.number(),
  publishFailures: z.number(),
  publishMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
})

test('after a restart all clients come back and recover, and publishing goes on meanwhile', async () => {
  const program = join(import.meta.dirname, '../../bench/restart.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--clients', '500', '--json'], {
    timeout: 110_000,
  })
  const { publications, publishMs, ...rest } = result.parse(JSON.parse(stdout))
  expect(rest).toMatchObject({ clients: 500, recovered: 500, notRecovered: 0, publishFailures: 0 })
  expect(rest.allBackSeconds).toBeLessThan(60)
  expect(publications).toBeGreaterThan(10)
  // Milliseconds, but on a busy machine: a starved publisher would wait for all 500.
  expect(publishMs.p50).toBeLessThan(500)
}, 120_000)
