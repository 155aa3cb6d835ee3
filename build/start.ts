import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { handSignalsTo } from './child-signals.ts'
import { buildChanged, openApp } from './run-app.ts'

/** `npm start`: builds what is needed, starts the server and, where it can be shown, the desktop app. */
await buildChanged()
const carillon = join(import.meta.dirname, '../server/carillon.js')
// The option is explained there.
const server = spawn(process.execPath, ['--max-semi-space-size=8', carillon, 'serve', ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
  // Out of the terminal's process group: Ctrl+C would reach it twice, and a second signal means "at once".
  detached: true,
})
let url: string | undefined
let app = null as ReturnType<typeof openApp>
handSignalsTo(() => [app, server])
createInterface({ input: server.stdout }).on('line', (line) => {
  process.stdout.write(`${line}\n`)
  url ??= /^Carillon listens on (\S+)$/.exec(line)?.[1]
  // Said next: who can connect, and where the certificate is that the app has to be told of.
  if (url === undefined || !/^(Plain HTTP|TLS)\b/.test(line)) return
  const certificate = /^TLS with a certificate of its own, (.+), which /.exec(line)?.[1]
  app = openApp(['--server', url], certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate })
})
const [code, signal] = await once(server, 'exit')
if (signal !== null) process.stderr.write(`The server was ended by ${signal}.\n`)
app?.kill()
process.exitCode = code ?? 1
