import { Command } from 'commander'
import { destination, pino } from 'pino'
import { readConfig } from '#server/config/config.ts'
import { watchFaults } from '#server/processes/faults.ts'
import type { CliContext, StartedServer } from '../context.ts'
import { print } from '../output.ts'

interface ServeFlags {
  readonly host?: string
  readonly port?: string
  readonly data?: string
  readonly config?: string
  readonly processes?: string
  readonly tls?: string
  readonly json?: boolean
}

/** Longest a shutdown may take before the process ends anyway, in milliseconds. */
const shutdownLimitMs = 20_000

export function serveCommand(context: CliContext): Command {
  return new Command('serve')
    .description('start the server')
    .option('--host <address>', 'address to listen on (127.0.0.1)')
    .option('--port <port>', 'port to listen on (8750; 0 takes a free one)')
    .option('--data <dir>', 'folder for the database and keys')
    .option('--config <file>', 'configuration file (carillon.config.json)')
    .option('--processes <count>', 'processes that share the port (1; auto is one a core)')
    .option('--tls <cert,key>', 'certificate and key for HTTPS, or self-signed (plain HTTP, on loopback only)')
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  carillon serve\n  carillon serve --port 9000 --data /var/lib/carillon\n  carillon serve --processes auto\n  carillon serve --host 0.0.0.0 --tls fullchain.pem,privkey.pem',
    )
    .action(async ({ json, ...flags }: ServeFlags) => {
      const config = readConfig({ env: context.env, flags, cwd: context.cwd })
      const log = pino({ level: config.log_level, base: null }, destination({ dest: 2, sync: true }))
      const stopped = Promise.withResolvers<string>()
      onStopSignal(stopped.resolve)
      let isRunning = false
      watchFaults({
        // Where there are several processes, the others load them.
        modules: config.processes > 1 ? [] : config.hooks.modules,
        log,
        stop() {
          if (!isRunning) process.exit(1)
          process.exitCode = 1
          stopped.resolve('fault')
        },
      })
      const server = await context.startServer({ config, log, tcp: true })
      isRunning = true
      const { url, address, addressForOthers, transport, setupLink } = server
      const { fingerprint = null } = transport ?? {}
      const about = { url, address, addressForOthers, setupLink, data: config.data, fingerprint }
      print(json, about, welcome(server, config.data))
      log.info({ url, data: config.data }, 'listening')

      const signal = await stopped.promise
      log.info({ signal }, 'stopping')
      setTimeout(() => {
        log.error('stopping took too long')
        process.exit(1)
      }, shutdownLimitMs).unref()
      await server[Symbol.asyncDispose]()
      log.info('stopped')
    })
}

/** The first signal asks for a clean stop; the second ends the process at once. */
function onStopSignal(stop: (signal: string) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop(signal)
      process.on(signal, () => process.exit(130))
    })
  }
}

function welcome({ url, address, addressForOthers, transport, setupLink }: StartedServer, data: string): string {
  const lines = [`Carillon listens on ${address}`, `Data is kept in ${data}`]
  if (url !== address) lines.splice(1, 0, `People and screens reach it at ${url}`)
  if (addressForOthers !== null) {
    lines.splice(
      1,
      0,
      `Other machines reach it at ${addressForOthers}. Set public_url for any other name, such as one in DNS.`,
    )
  }
  if (transport !== null) lines.push(transport.sentence)
  if (setupLink === null) lines.push(`Console: ${url}/`)
  else lines.push('', 'Open this link once, within 24 hours, to create the first administrator:', `  ${setupLink}`)
  return lines.join('\n')
}
