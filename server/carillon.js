#!/usr/bin/env -S node --max-semi-space-size=8
// The `carillon` command. The server is TypeScript that Node 24 runs as it stands; on a machine with an older Node, the
// Node 24 that `npm ci` brought along takes over.
// The option above, here and in build/start.ts, keeps V8's young generation from growing to 100 MiB under load and staying
// there; docs/performance.md has the figures.
import { spawn } from 'node:child_process'
import * as modules from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
// What Node makes of our files is kept for the next start, which then takes half the time; in the environment, so that
// processes of ours share it. In a folder of the user's own: whoever could write there could have us run anything.
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'carillon', 'compiled')

if (Number.parseInt(process.versions.node, 10) >= 24) {
  modules.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import(main)
} else {
  const child = spawn(bundledNode(), ['--max-semi-space-size=8', main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', () => {
    process.stderr.write('carillon: Node 24 is needed. Install it, or run npm ci in the Carillon folder.\n')
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function bundledNode() {
  try {
    const packageFile = modules.createRequire(import.meta.url).resolve('node/package.json')
    return join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return 'node24'
  }
}
