#!/usr/bin/env -S node --max-semi-space-size=8
// The `carillon` command. The server is TypeScript that Node 24 runs as it stands; on a machine with an older Node, the
// Node 24 that `npm ci` brought along takes over.
// The option above, here and in build/start.ts, keeps V8's young generation from growing to 100 MiB under load and staying
// there; docs/performance.md has the figures.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

if (Number.parseInt(process.versions.node, 10) >= 24) {
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
    const packageFile = createRequire(import.meta.url).resolve('node/package.json')
    return join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return 'node24'
  }
}
