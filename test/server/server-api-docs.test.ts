import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createKey, startServerProcess } from '../support/server-process.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/server-api.md'), 'utf8')

test('the examples of the documentation answer what stands there', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['admin'])
  const examples = [...page.matchAll(/```sh\n(curl [^`]+)```\n\n```json\n([^`]+)```/g)]
  expect(examples).toHaveLength(page.split('\ncurl ').length - 1)
  for (const [, command = '', answer = ''] of examples) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `exec ${command.trim()} --silent --show-error`], {
      env: { ...process.env, API: `${server.url}/api`, KEY: key },
      timeout: 20_000,
    })
    expect(withoutWords(JSON.parse(stdout), JSON.parse(answer)), command).toEqual(JSON.parse(answer))
  }
})

/** Where the page has an ellipsis any words are right. */
function withoutWords(got: unknown, shown: unknown): unknown {
  if (shown === '…') return typeof got === 'string' ? '…' : got
  if (typeof got !== 'object' || got === null || typeof shown !== 'object' || shown === null) return got
  const pattern = shown as Record<string, unknown>
  const entries = Object.entries(got).map(([name, value]) => [name, withoutWords(value, pattern[name])] as const)
  return Array.isArray(got) ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}
