import { constants, existsSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import pino from 'pino'
import { loadNative } from '#native/load-native.ts'
import { serverInfo } from '#protocol/api.ts'
import { describeAmqp } from '#server/config/amqp.ts'
import { type Config, readConfig } from '#server/config/config.ts'
import { describePostgres } from '#server/config/postgres-target.ts'
import { describeRedis } from '#server/config/redis-target.ts'
import { answers, hostInUrl, localSocketPath } from '#server/http/listen.ts'
import { readCertificate, warningAbout } from '#server/http/tls/certificate.ts'
import { certificateFiles, plainSentence } from '#server/http/tls/transport.ts'
import { exchange } from '../api.ts'
import { CliError } from '../cli-error.ts'
import type { CliContext } from '../context.ts'
import { hasKeychain } from '../keychain.ts'
import { print } from '../output.ts'

/** One thing that was looked at. `ok` null: not needed by everybody, and not there. */
interface Finding {
  readonly name: string
  readonly ok: boolean | null
  /** What was found and, if it is wrong, what to do. */
  readonly detail: string
}

interface DoctorFlags {
  readonly data?: string
  readonly config?: string
  readonly json?: boolean
}

export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .description('say what is wrong with this installation and what to do')
    .option('--data <dir>', 'data folder to look at')
    .option('--config <file>', 'configuration file to look at')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  carillon doctor --data /var/lib/carillon')
    .action(async ({ json, ...flags }: DoctorFlags) => {
      const findings = await examine(context, flags)
      const mark = (ok: boolean | null) => (ok === null ? '-' : ok ? '✓' : '✗')
      print(json, { findings }, findings.map(({ name, ok, detail }) => `${mark(ok)} ${name}: ${detail}`).join('\n'))
      const wrong = findings.filter(({ ok }) => ok === false)
      if (wrong.length > 0 && !json)
        throw new CliError('unwell', `${wrong.length} of ${findings.length} findings need you.`)
      if (wrong.length > 0) process.exitCode = 1
    })
}

async function examine(context: CliContext, flags: DoctorFlags): Promise<readonly Finding[]> {
  const findings: Finding[] = [nodeVersion()]
  let config: Config
  try {
    config = readConfig({ env: context.env, flags, cwd: context.cwd })
  } catch (error) {
    return [...findings, { name: 'configuration', ok: false, detail: messageOf(error) }]
  }
  const socketPath = localSocketPath(config.data)
  const running = await answers(socketPath)
  const found = running ? await server(config, socketPath) : notRunning
  findings.push(configuration(config, found.address))
  findings.push(await dataFolder(config.data))
  findings.push(await records(config.data, running))
  findings.push(await postgres(config))
  findings.push(secret(config))
  findings.push(transport(config))
  findings.push(await redis(config))
  findings.push(await rabbitMq(config))
  findings.push(found.finding)
  findings.push(console())
  findings.push(await keychain())
  findings.push(await nativeLibrary())
  return findings
}

/** A server that runs may have been started with other flags than this program knows of. */
function configuration({ host, port }: Config, address: string | null): Finding {
  const said = `${host}:${port}`
  const { protocol = 'http:', host: listened = '' } = address === null ? {} : new URL(address)
  const asked = port === 0 ? null : new URL(`${protocol}//${hostInUrl(host)}:${port}`).host
  const isOther = address !== null && asked !== null && asked !== listened
  const detail = isOther ? `says ${said}; the server that runs was told otherwise` : `says to listen on ${said}`
  return { name: 'configuration', ok: true, detail }
}

function nodeVersion(): Finding {
  const ok = Number.parseInt(process.versions.node, 10) >= 24
  return {
    name: 'Node.js',
    ok,
    detail: ok ? process.version : `${process.version} is too old. Run npm ci, or install Node 24.`,
  }
}

async function dataFolder(data: string): Promise<Finding> {
  const name = 'data folder'
  const existing = existsSync(data) ? data : dirname(data)
  try {
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK)
    return { name, ok: true, detail: existsSync(data) ? data : `${data} will be made at the first start` }
  } catch {
    return {
      name,
      ok: false,
      detail: `${existing} is not writable for this user. Change its owner, or choose another with --data.`,
    }
  }
}

async function records(data: string, running: boolean): Promise<Finding> {
  const name = 'database'
  const path = join(data, 'carillon.sqlite')
  // Opening brings the schema up to date, which is for the server to do while it runs.
  if (running) return { name, ok: true, detail: `${path} is open in the server` }
  if (!existsSync(path)) return { name, ok: true, detail: 'will be made at the first start' }
  try {
    // Loaded when it is needed: every other command would wait for it.
    const { openStore } = await import('#server/store/store.ts')
    await using store = await openStore({ path })
    const [row] = store.sqlite.prepare('PRAGMA quick_check').all()
    const state = String(Object.values(row ?? {})[0])
    if (state === 'ok') return { name, ok: true, detail: `${path}, ${statSync(path).size} bytes` }
    return { name, ok: false, detail: `${path} is damaged (${state}). Restore it from a backup.` }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

async function postgres({ database_url: target }: Config): Promise<Finding> {
  const name = 'PostgreSQL'
  if (target === undefined) return { name, ok: null, detail: 'is not configured: accounts are in the data folder.' }
  try {
    const { openPostgresRecords } = await import('#server/store/postgres-records.ts')
    const log = pino({ level: 'silent' })
    await using opened = await openPostgresRecords({ target, log, patienceMs: 3_000 })
    return { name, ok: true, detail: `version ${opened.version} has the accounts: ${describePostgres(target)}` }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

function secret({ data, secret: configured }: Config): Finding {
  const name = 'secret'
  if (configured !== undefined) return { name, ok: true, detail: 'is in the configuration' }
  const path = join(data, 'secret.key')
  if (!existsSync(path)) return { name, ok: true, detail: 'will be made at the first start' }
  const mode = statSync(path).mode & 0o777
  if (mode === 0o600) return { name, ok: true, detail: 'readable by this user only' }
  return { name, ok: false, detail: `${path} has mode ${mode.toString(8)}. Run chmod 600 ${path}.` }
}

function transport(config: Config): Finding {
  const name = 'TLS'
  try {
    const files = certificateFiles(config)
    if (files === null) return { name, ok: true, detail: plainSentence(config) }
    // Made by the server when it starts.
    if (config.tls === 'self-signed' && !existsSync(files.cert)) {
      return { name, ok: true, detail: 'a certificate of its own will be made at the first start' }
    }
    const certificate = readCertificate(files)
    const warning = warningAbout(certificate, files, Date.now())
    const until = certificate.leaf.validToDate.toISOString().slice(0, 10)
    return { name, ok: warning === null, detail: warning ?? `${files.cert}, valid until ${until}` }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

async function redis({ redis_url: target, redis_prefix: prefix }: Config): Promise<Finding> {
  const name = 'Redis'
  if (target === undefined) return { name, ok: null, detail: 'is not configured: this server is alone.' }
  try {
    const { openRedis } = await import('#server/store/redis.ts')
    await using store = await openRedis({ target, prefix, log: pino({ level: 'silent' }), patienceMs: 3_000 })
    const found = store.commands.server()
    const where = `version ${found?.version} at ${describeRedis(target)}`
    if (found?.evicts) {
      return { name, ok: false, detail: `${where} throws keys away when it is full. Set maxmemory-policy noeviction.` }
    }
    if (found?.keepsAll) return { name, ok: true, detail: where }
    const advice = 'After its restart no client can recover. Set appendonly yes and appendfsync always if that matters.'
    return { name, ok: null, detail: `${where} may forget what it has answered. ${advice}` }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

async function rabbitMq({ amqp_url: target, amqp }: Config): Promise<Finding> {
  const name = 'RabbitMQ'
  if (target === undefined) return { name, ok: null, detail: 'is not configured: events come over HTTP alone.' }
  try {
    const { lookAtRabbitMq } = await import('#server/ingest/look.ts')
    const { version, queue, dead } = await lookAtRabbitMq(target, amqp)
    const where = `version ${version} at ${describeAmqp(target)}`
    if (queue === null) return { name, ok: true, detail: `${where}; ${amqp.queue} will be made at the first start` }
    const detail = `${where}; ${queue.waiting} events wait for ${queue.consumers} nodes`
    if (dead === 0) return { name, ok: true, detail }
    return { name, ok: null, detail: `${detail}; ${dead} were put aside in ${amqp.queue}.dead: look why.` }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

interface FoundServer {
  readonly finding: Finding
  /** Where it listens; null while it is not known. */
  readonly address: string | null
}

const notRunning: FoundServer = {
  finding: { name: 'server', ok: null, detail: 'is not running. Start it with npm start or carillon serve.' },
  address: null,
}

async function server(config: Config, socketPath: string): Promise<FoundServer> {
  const name = 'server'
  try {
    const info = await exchange({ socketPath }, {}, 'GET', '/.well-known/carillon', serverInfo)
    const setUp = info.setUp ? '' : ', waiting for its first administrator (the link is printed at each start)'
    const { version, address = null } = info
    const where = address === null ? '' : ` and listens on ${address}`
    return { finding: { name, ok: true, detail: `version ${version} runs on ${config.data}${where}${setUp}` }, address }
  } catch (error) {
    return { finding: { name, ok: false, detail: messageOf(error) }, address: null }
  }
}

function console(): Finding {
  const page = fileURLToPath(new URL('../../../dist/renderer/console/index.html', import.meta.url))
  const ok = existsSync(page)
  return { name: 'console', ok, detail: ok ? 'built' : 'is not built. Run npm run build.' }
}

async function keychain(): Promise<Finding> {
  const name = 'keychain'
  if (await hasKeychain()) return { name, ok: true, detail: 'answers' }
  const detail =
    'none answers here. The desktop app and carillon login need one: unlock or install gnome-keyring or KWallet.'
  return { name, ok: null, detail }
}

async function nativeLibrary(): Promise<Finding> {
  const name = 'native library'
  const { library } = await loadNative()
  if (library.present)
    return { name, ok: true, detail: `version ${library.version}, ABI ${library.abi}, ${library.path}` }
  return {
    name,
    ok: null,
    detail: `is missing: ${library.reason}. Without it a screen cannot tell its temperature, power or watchdog.`,
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
