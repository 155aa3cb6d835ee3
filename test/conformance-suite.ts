import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startChild } from './support/child-program.ts'
import { carillon } from './support/server-process.ts'

/**
 * Runs the Centrifuge JavaScript SDK's own tests against this server: `npm run conformance -- CHECKOUT`, where
 * CHECKOUT is a clone of centrifugal/centrifuge-js with its dependencies installed. Needs port 8000, which its tests
 * have built in. Exits with their exit code.
 */
const [checkout] = process.argv.slice(2)
const jest = resolve(checkout ?? '', 'node_modules/jest/bin/jest.js')
if (checkout === undefined || !existsSync(jest)) {
  console.error('Name a clone of centrifuge-js in which "npm ci" has been run: npm run conformance -- DIR')
  process.exit(2)
}

/**
 * Not run: `*.protobuf.test.ts` (the binary encoding is not offered), `map.test.ts`, `shared_poll.test.ts` and
 * `debounce.test.ts` (map and shared-poll subscriptions are refused with 108), and `codec.bench.test.ts` (no server).
 */
const files = ['centrifuge', 'delta', 'recovery', 'getstate', 'compaction', 'utils'].map(
  (name) => `src/${name}.test.ts`,
)

/** Of those files every test but the ones of map subscriptions, `map: …` and `map delta: …`. */
const names = '^(?!map( delta)?: )'

process.exitCode = await run()

async function run(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'carillon-conformance-'))
  try {
    const config = join(import.meta.dirname, 'conformance.json')
    const args = [carillon, 'serve', '--config', config, '--port', '8000', '--data', data, '--json']
    await using server = startChild(process.execPath, args)
    await server.waitFor(/^\{"url".*\}$/m, 60_000)
    // Its clients leave sockets and timers behind.
    const suite = spawn(process.execPath, [jest, ...files, '--verbose', '--forceExit', '-t', names], {
      ...{ cwd: checkout, stdio: 'inherit', timeout: 300_000 },
    })
    return await new Promise((settle, fail) => {
      suite.on('error', fail)
      suite.on('close', (code) => settle(code ?? 1))
    })
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
}
