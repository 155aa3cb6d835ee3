import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { IncomingMessage, Server } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import type { Auth } from './auth/auth.ts'
import { createAuth } from './auth/create-auth.ts'
import { readOrCreateSecret } from './auth/secret-file.ts'
import type { Config } from './config/config.ts'
import { inNetworks } from './config/network.ts'
import { ownOrigins } from './config/origins.ts'
import { openEngine } from './engine.ts'
import { createHttpApp } from './http/app.ts'
import { clientAddress } from './http/client-address.ts'
import { createDrain } from './http/drain.ts'
import { bindLocal, bindTcp, localSocketPath } from './http/listen.ts'
import { createMetricsReader } from './http/metrics-reader.ts'
import { createRecognize } from './http/recognize.ts'
import { createStreams } from './http/streams.ts'
import { createUpgrade } from './http/upgrade.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createRealtime } from './realtime/create-realtime.ts'
import { loadHookModules } from './realtime/hook-modules.ts'
import type { OnlineEvent } from './realtime/hooks.ts'
import { limitsOf } from './realtime/limits.ts'
import type { Realtime } from './realtime/realtime.ts'
import { openStore } from './store/store.ts'
import { StoreError } from './store/store-error.ts'

/** A server that runs. Disposing of it drains: clients are told to come back, what was accepted is written. */
export interface RunningServer extends AsyncDisposable {
  /** Where people and devices reach it. */
  readonly url: string
  /** Where it listens; behind a proxy another address than `url`. */
  readonly address: string
  /** The one-time link that creates the first administrator, or null when there is one. */
  readonly setupLink: string | null
  /** For programs that have the server inside them. */
  readonly auth: Auth
  readonly realtime: Realtime
}

export interface ComposeOptions {
  readonly config: Config
  readonly log: Logger
  /** False: only the local socket, for a command that works on the records while no server runs. */
  readonly tcp: boolean
}

/**
 * Puts the parts together, from the ground up, and takes them apart in reverse.
 *
 * @throws ConfigError, ListenError, StoreError, AuthError
 */
export async function startServer({ config, log, tcp }: ComposeOptions): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack()
  await prepareFolder(config.data)

  const local = await bindLocal(localSocketPath(config.data))
  // Closed last: while it answers, no second server opens these records.
  parts.defer(() => closeServer(local))
  const web = tcp ? await bindTcp(config.host, config.port) : null
  if (web !== null) parts.defer(() => closeServer(web))
  const port = web === null ? config.port : (web.address() as AddressInfo).port
  const address = `http://${hostInUrl(config.host)}:${port}`
  const baseUrl = config.public_url ?? address

  const metrics = parts.use(createMetrics({ process: true }))
  const store = parts.use(await openStore({ path: join(config.data, 'carillon.sqlite') }))
  const { broker, bus, ephemeral } = parts.use(await openEngine({ config, store, metrics, log }))
  const secret = readOrCreateSecret(join(config.data, 'secret.key'))
  const origins = ownOrigins(baseUrl)
  const auth = parts.use(await createAuth({ store, ephemeral, baseUrl, secret, log: log.child({ room: 'auth' }) }))
  const realtime = parts.use(
    createRealtime({
      broker,
      bus,
      metrics,
      ephemeral,
      namespaces: config.namespaces,
      limits: { ...limitsOf(config.limits), offlineMs: config.hooks.offline_after * 1000 },
      personalChannel: config.client.subscribe_to_user_personal_channel.enabled,
      authenticator: { verifyAccessToken: auth.verifyAccessToken, redeemTicket: auth.tickets.redeem },
      version: packageJson.version,
      log: log.child({ room: 'realtime' }),
    }),
  )
  parts.defer(auth.onRevoked(realtime.revoke))
  // For as long as realtime lives: the last devices leave while it is closed.
  const touch = async ({ device, time }: OnlineEvent) => device && auth.devices.touch(device.id, time)
  realtime.hooks.on({ online: touch, offline: touch })
  for (const hooks of await loadHookModules(config.hooks.modules)) realtime.hooks.on(hooks)

  const isTrustedProxy = inNetworks(config.trusted_proxies)
  const isLocal = (request: IncomingMessage) => (request.socket as { server?: Server }).server === local
  const allowedOrigins = [...origins, ...config.client.allowed_origins]
  const isAllowedOrigin = (origin: string) => allowedOrigins.includes(origin) || allowedOrigins.includes('*')
  const app = await createHttpApp({
    auth,
    realtime,
    store,
    metrics: parts.use(createMetricsReader({ metrics, bus, installation: `${hostname()}:${config.data}` })),
    metricsArePublic: config.metrics.public,
    isTrustedProxy,
    baseUrl,
    version: packageJson.version,
    consoleFolder: builtConsole(),
    isLocal,
    isTrustedOrigin: (origin) => origins.includes(origin),
    log: log.child({ room: 'http' }),
  })
  parts.defer(() => app.close())
  const drain = createDrain()
  const clientAddressOf = (request: IncomingMessage) => clientAddress(request, isTrustedProxy)
  const recognize = createRecognize({ auth, isLocal, metrics })
  const upgrade = createUpgrade({ realtime, recognize, addressOf: clientAddressOf, log })
  const streams = createStreams({ realtime, recognize, addressOf: clientAddressOf, isAllowedOrigin, log })
  for (const server of [local, web]) {
    if (server) {
      server.headersTimeout = config.limits.request_header_timeout * 1000
      server.requestTimeout = config.limits.request_timeout * 1000
    }
    server?.on('request', (request, response) => {
      // What never ends by itself is not waited for.
      if (streams(request, response)) return
      drain.count(request, response)
      app.routing(request, response)
    })
    server?.on('upgrade', upgrade)
  }
  // First of all stop accepting, so that clients told to come back find the next server and not this one, and answer
  // what is under way while everything behind it still works.
  parts.defer(async () => {
    web?.close()
    await drain.empty(closeGraceMs)
  })

  const setupLink =
    tcp && !(await auth.setup.isDone()) ? `${baseUrl}/setup?token=${await auth.setup.createToken()}` : null
  const running = parts.move()
  return { url: baseUrl, address, setupLink, auth, realtime, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function prepareFolder(data: string): Promise<void> {
  try {
    await mkdir(data, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const sentence =
      reason === 'EEXIST'
        ? `The data folder ${data} is a file. Choose a folder with --data.`
        : `The data folder ${data} cannot be made (${reason}). Make its parent writable for this user, or choose another with --data.`
    throw new StoreError('data_folder_unwritable', sentence, { cause })
  }
}

/** Stops accepting; sockets that were upgraded are the realtime server's to close. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), closeGraceMs).unref()
  })
}

/** How long requests under way may take when the server stops, in milliseconds. */
const closeGraceMs = 3000

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return isIP(host) === 6 ? `[${host}]` : host
}

function builtConsole(): string | null {
  const folder = fileURLToPath(new URL('../dist/renderer/console', import.meta.url))
  return existsSync(join(folder, 'index.html')) ? folder : null
}
