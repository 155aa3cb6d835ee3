import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { loadWriteEach } from '#native/write-each.ts'
import packageJson from '../package.json' with { type: 'json' }
import type { Auth } from './auth/auth.ts'
import { type AuthOptions, createAuth } from './auth/create-auth.ts'
import { anonymous } from './auth/identity.ts'
import { readOrCreateSecret } from './auth/secret-file.ts'
import type { Config } from './config/config.ts'
import { inNetworks } from './config/network.ts'
import { addressForOthers, originsOf } from './config/origins.ts'
import { type Engine, openEngine } from './engine.ts'
import { createFleet } from './fleet/create-fleet.ts'
import { createPaneCodes } from './fleet/pane-codes.ts'
import { fleetMethods } from './fleet/rpc-methods.ts'
import { createAdmission } from './http/admission.ts'
import { createHttpApp } from './http/app.ts'
import { clientAddress } from './http/client-address.ts'
import { createDrain } from './http/drain.ts'
import { bindLocal, hostInUrl, listenTcp, localSocketPath } from './http/listen.ts'
import { createMetricsReader } from './http/metrics-reader.ts'
import { createRecognize } from './http/recognize.ts'
import { createServe } from './http/serve.ts'
import { createStreams } from './http/streams.ts'
import { prepareTransport, type Transport } from './http/tls/transport.ts'
import { createWebServer } from './http/tls/web-server.ts'
import { limitRequests } from './http/unbound-server.ts'
import { createUpgrade } from './http/upgrade.ts'
import { openMessaging } from './messaging.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { createRealtime } from './realtime/create-realtime.ts'
import { loadHookModules } from './realtime/hook-modules.ts'
import type { OnlineEvent } from './realtime/hooks.ts'
import { limitsOf } from './realtime/limits.ts'
import type { Realtime, UpgradeRequest } from './realtime/realtime.ts'
import type { RpcHandler } from './realtime/rpc.ts'
import { openRecords, type Records } from './store/records.ts'
import { openStore, type Store } from './store/store.ts'
import { StoreError } from './store/store-error.ts'
import { openTaskTransport } from './task-transport.ts'
import { createTasks } from './tasks/create-tasks.ts'
import { taskAnswers } from './tasks/product/task-answers.ts'
import { taskMethods } from './tasks/rpc-methods.ts'
import { createTaskDesk } from './tasks/task-desk.ts'

/** A server that runs. Disposing of it drains: clients are told to come back, what was accepted is written. */
export interface RunningServer extends AsyncDisposable {
  /** Where people and devices reach it. */
  readonly url: string
  /** Where it listens; behind a proxy another address than `url`. */
  readonly address: string
  /** Where other machines find it, when it listens everywhere without a `public_url`. */
  readonly addressForOthers: string | null
  /** How requests come to it; null when they come through the socket in its folder alone. */
  readonly transport: Pick<Transport, 'sentence' | 'fingerprint'> | null
  /** The one-time link that creates the first administrator, or null when there is one. */
  readonly setupLink: string | null
}

/** What serves clients within one process. */
export interface RunningNode extends AsyncDisposable {
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
 * @throws ConfigError, ListenError, TlsError, StoreError, AuthError
 */
export async function startServer({ config, log, tcp }: ComposeOptions): Promise<RunningServer & RunningNode> {
  await using parts = new AsyncDisposableStack()
  await prepareFolder(config.data)

  const local = await bindLocal(localSocketPath(config.data))
  // Closed last: while it answers, no second server opens these records.
  parts.defer(() => closeServer(local))
  const transport = tcp ? parts.use(await prepareTransport(config, log)) : null
  const web = tcp ? parts.adopt(createWebServer(config, log), closeServer) : null
  if (web !== null) await listenTcp(web, config.host, config.port)
  const port = web === null ? config.port : (web.address() as AddressInfo).port
  const address = addressOf(config, port)
  const baseUrl = config.public_url ?? address

  const metrics = parts.use(createMetrics({ process: true }))
  const store = parts.use(await openStore({ path: join(config.data, 'carillon.sqlite') }))
  const records = parts.use(await openRecordsOf(config, store, log))
  const engine = parts.use(await openEngine({ config, store, metrics, log }))
  const { auth, realtime } = parts.use(
    await openNode({ config, log, metrics, store, records, engine, name: nodeName(port), baseUrl, local, web }),
  )
  const setupLink = tcp ? await createSetupLink(auth, baseUrl) : null
  const running = parts.move()
  const about = { url: baseUrl, address, addressForOthers: addressForOthers(config, baseUrl), transport, setupLink }
  return { ...about, auth, realtime, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Where a server of this configuration listens. */
export function addressOf({ host, tls }: Config, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://${hostInUrl(host)}:${port}`
}

/** The link that creates the first administrator, or null when there is one. */
export async function createSetupLink({ setup }: Auth, baseUrl: string): Promise<string | null> {
  return (await setup.isDone()) ? null : `${baseUrl}/setup?token=${await setup.createToken()}`
}

export interface NodeOptions {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: Store
  readonly records: Records
  readonly engine: Engine
  /** What people call it. */
  readonly name: string
  /** Where people and devices reach the server. */
  readonly baseUrl: string
  /** Whoever comes through it is trusted. */
  readonly local: Server
  readonly web: Server | null
  /** Whether this process does what one of a node does: end what time has ended, take events. Default true. */
  readonly sweeps?: boolean
}

/** All that a process needs to serve clients. Disposing of it stops accepting on `web` and drains. */
export async function openNode(options: NodeOptions): Promise<RunningNode> {
  const { config, log, metrics, store, records, engine, name, baseUrl, local, web, sweeps = true } = options
  const { broker, bus, ephemeral } = engine
  metrics.watchEngine(engine.isUp)
  await using parts = new AsyncDisposableStack()
  const origins = originsOf(config, baseUrl)
  const auth = parts.use(
    await createAuth({
      ...{ records, ephemeral, baseUrl, origins, sweeps, log: log.child({ room: 'auth' }) },
      ...secretOf(config),
      client: config.client,
      configuredKey: config.http_api.key,
      secondFactor: secondFactorOf(config),
      limits: { signIn: signInLimitsOf(config) },
      auditKeepMs: config.audit.keep * 1000,
      ...{ tokenHeader: config.auth.token_header, session: config.session },
      rotateDevicesAfter: config.devices.rotate_after,
    }),
  )
  // A command that works on the records while no server runs is no node that events could go to.
  const messaging = web === null ? null : parts.use(openMessaging({ config, metrics, name, log }))
  // Filled by the rooms above.
  const rpc = new Map<string, RpcHandler>()
  const realtime = parts.use(
    createRealtime({
      rpc,
      broker: messaging?.outward?.around(broker) ?? broker,
      bus,
      metrics,
      ephemeral,
      namespaces: config.namespaces,
      withoutNamespace: config.channel.without_namespace,
      insecure: config.client.insecure,
      ...personalChannel(config),
      authenticator: {
        verifyConnectionToken: auth.verifyConnectionToken,
        verifySubscriptionToken: auth.verifySubscriptionToken,
        redeemTicket: auth.tickets.redeem,
        current: auth.current,
        anonymous: mayBeAnonymous(config) ? anonymous : null,
      },
      limits: { ...limitsOf(config.limits), offlineMs: config.hooks.offline_after * 1000 },
      name,
      version: packageJson.version,
      writeEach: web === null ? null : await loadWriteEach(),
      log: log.child({ room: 'realtime' }),
    }),
  )
  parts.defer(auth.onRevoked(realtime.revoke))
  // For as long as realtime lives: the last devices leave while it is closed.
  const touch = ({ device, time }: OnlineEvent) => (device ? auth.devices.touch(device.id, time) : undefined)
  realtime.hooks.on({ online: touch, offline: touch }, { isFor: (event) => 'device' in event && event.device !== null })
  for (const { path, hooks } of await loadHookModules(config.hooks.modules)) realtime.hooks.on(hooks, { from: path })
  messaging?.outward?.follow(realtime.hooks)
  // One process of a node is enough, and keeps events in order.
  if (sweeps && messaging !== null) parts.use(messaging.ingest(realtime))

  const tasks = createTaskDesk({
    tasks: parts.use(
      await createTasks({
        ...{ records, bus, name, publish: realtime.publish, settings: config.tasks, data: config.data },
        installation: installationOf(config),
        personalPrefix: personalPrefixOf(config),
        onEnded: messaging?.outward?.taskEnded,
        isActive: sweeps,
        openTransport:
          messaging === null
            ? null
            : (queues) => openTaskTransport({ ...{ config, name, log }, amqp: messaging.amqp }, queues),
        answers: taskAnswers({ auth, realtime, config }),
        log: log.child({ room: 'tasks' }),
      }),
    ),
    audit: auth.audit,
  })
  const fleet = parts.use(
    await createFleet({
      ...{ records, auth, sweeps, publish: realtime.publish },
      allowedOrigins: config.kiosk.allowed_origins,
      log: log.child({ room: 'fleet' }),
    }),
  )
  for (const [method, handler] of [...taskMethods(tasks), ...fleetMethods(fleet)]) rpc.set(method, handler)

  const isTrustedProxy = inNetworks(config.trusted_proxies)
  const isLocal = (request: Pick<IncomingMessage, 'socket'>) => (request.socket as { server?: Server }).server === local
  const clientAddressOf = (request: UpgradeRequest) => clientAddress(request, isTrustedProxy, isLocal(request))
  const allowedOrigins = [...origins, ...config.client.allowed_origins]
  const isAllowedOrigin = (origin: string) => allowedOrigins.includes(origin) || allowedOrigins.includes('*')
  const app = await createHttpApp({
    auth,
    tasks,
    fleet,
    paneCodes: createPaneCodes({ ephemeral, devices: auth.devices, audit: auth.audit }),
    realtime,
    store,
    records,
    metrics: parts.use(createMetricsReader({ metrics, bus, installation: installationOf(config) })),
    metricsArePublic: config.metrics.public,
    oauthClientRoles: config.oauth.client_roles,
    isEngineUp: engine.isUp,
    rabbitMqState: messaging?.state ?? null,
    isTrustedProxy,
    addressOf: clientAddressOf,
    baseUrl,
    listensAt() {
      const bound = web?.address()
      return typeof bound === 'object' && bound !== null ? addressOf(config, bound.port) : null
    },
    version: packageJson.version,
    consoleFolder: builtConsole(),
    isLocal,
    isTrustedOrigin: (origin) => origins.includes(origin),
    log: log.child({ room: 'http' }),
  })
  parts.defer(() => app.close())
  const drain = createDrain()
  const { token_header: tokenHeader } = config.auth
  const recognize = createRecognize({ auth, isLocal, isTrustedProxy, addressOf: clientAddressOf, metrics, tokenHeader })
  const edge = { realtime, recognize, addressOf: clientAddressOf, isAllowedOrigin, log }
  const refusesForeignPages = mayBeAnonymous(config)
  const upgrade = createUpgrade({ ...edge, refusesForeignPages })
  const streams = createStreams({ ...edge, refusesForeignPages })
  const admission = createAdmission({ limits: config.limits, addressOf: clientAddressOf, isLocal })
  const serve = createServe({ admission, drain, streams, routing: app.routing })
  for (const server of [local, web]) {
    if (server) limitRequests(server, config.limits)
    server?.on('request', serve)
    server?.on('upgrade', upgrade)
  }
  // First of all stop accepting, so that clients told to come back find the next server and not this one, and answer
  // what is under way while everything behind it still works.
  parts.defer(async () => {
    web?.close()
    await drain.empty(closeGraceMs)
    // Whoever comes now is answered by what answers before there is a node.
    for (const server of [local, web]) server?.off('request', serve)
  })

  const opened = parts.move()
  return { auth, realtime, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** @throws StoreError */
export function openRecordsOf({ database_url: target }: Config, store: Store, log: Logger): Promise<Records> {
  return openRecords({ store, target, log: log.child({ room: 'store' }) })
}

/** Nodes with the same accounts need the same secret: what one has signed, another reads. */
export function secretOf({ secret, data, database_url }: Config): Pick<AuthOptions, 'secret' | 'isShared'> {
  return { secret: secret ?? readOrCreateSecret(join(data, 'secret.key')), isShared: database_url !== undefined }
}

/** What a node is called: `host_8750`, and of several processes `host_8750#2`. */
export function nodeName(port: number, worker?: number): string {
  return `${hostname()}_${port}${worker === undefined ? '' : `#${worker}`}`
}

/** The same in all processes that metrics are read from together. */
export function installationOf({ data }: Config): string {
  return `${hostname()}:${data}`
}

function personalChannel({ client }: Config) {
  const { enabled, personal_channel_namespace, single_connection } = client.subscribe_to_user_personal_channel
  return {
    personalChannel: enabled,
    personalNamespace: personal_channel_namespace,
    singleConnection: single_connection,
  }
}

/** What the names of personal channels begin with, before `#`. */
function personalPrefixOf({ client }: Config): string {
  const { personal_channel_namespace: namespace } = client.subscribe_to_user_personal_channel
  return namespace === undefined ? '' : `${namespace}:`
}

function secondFactorOf({ second_factor }: Config) {
  return { requiredFor: second_factor.required_for, graceMs: second_factor.grace * 1000 }
}

function signInLimitsOf({ sign_in }: Config) {
  return {
    attempts: sign_in.attempts,
    windowMs: sign_in.window * 1000,
    maxLockMs: sign_in.longest_lock * 1000,
    perAddress: sign_in.attempts_per_address,
  }
}

function mayBeAnonymous({ client }: Config): boolean {
  return client.insecure || client.allow_anonymous_connect_without_token
}

export async function prepareFolder(data: string): Promise<void> {
  // What this process makes from here on, and its workers, is for nobody else to read, also in a folder that others may.
  process.umask(0o077)
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
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), closeGraceMs).unref()
  })
}

/** How long requests under way may take when the server stops, in milliseconds. */
const closeGraceMs = 3000

function builtConsole(): string | null {
  const folder = fileURLToPath(new URL('../dist/renderer/console', import.meta.url))
  return existsSync(join(folder, 'index.html')) ? folder : null
}
