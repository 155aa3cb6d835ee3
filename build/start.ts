import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildChanged, openApp } from './run-app.ts'

/** `npm start`: builds what is needed, starts the server and, where it can be shown, the desktop app. */
await buildChanged()
const main = join(import.meta.dirname, '../server/main.ts')
const server = spawn(process.execPath, [main, 'serve', ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
})
let app = null as ReturnType<typeof openApp>
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    app?.kill()
    server.kill(signal)
  })
}
createInterface({ input: server.stdout }).on('line', (line) => {
  process.stdout.write(`${line}\n`)
  const url = /^Carillon listens on (\S+)$/.exec(line)?.[1]
  if (url !== undefined) app = openApp(['--server', url])
})
const [code] = await once(server, 'exit')
app?.kill()
process.exitCode = code ?? 1
