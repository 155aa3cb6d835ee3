import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { createAuth } from './auth/create-auth.ts'
import {
  addressOf,
  closeServer,
  createSetupLink,
  installationOf,
  openRecordsOf,
  prepareFolder,
  type RunningServer,
  secretOf,
} from './compose.ts'
import type { Config } from './config/config.ts'
import { addressForOthers } from './config/origins.ts'
import { openEngine } from './engine.ts'
import { holdFolder, listenTcp, localSocketPath } from './http/listen.ts'
import { prepareTransport } from './http/tls/transport.ts'
import { createWebServer } from './http/tls/web-server.ts'
import { createMetrics } from './metrics/metrics.ts'
import { serveWorker } from './processes/serve-worker.ts'
import { startSupervisor, startWithinMs } from './processes/supervisor.ts'
import { createSwitchboard } from './processes/switchboard.ts'
import { createMemoryEphemeral } from './store/memory-ephemeral.ts'
import { openStore } from './store/store.ts'

export interface PrimaryOptions {
  readonly config: Config
  readonly log: Logger
}

/**
 * One server of several processes: this one holds the data folder and what the workers share, and serves no clients
 * itself; each worker is a node on the same port. What has to happen once happens here, before there are workers.
 *
 * @throws ConfigError, ListenError, TlsError, StoreError, AuthError, WorkerError
 */
export async function startProcesses({ config, log }: PrimaryOptions): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack()
  await prepareFolder(config.data)
  parts.use(await holdFolder(localSocketPath(config.data)))
  const transport = parts.use(await prepareTransport(config, log))
  // Held until the workers take it over, so that a port in use is told before the records are opened.
  const reserved = parts.adopt(createWebServer(config, log), closeServer)
  await listenTcp(reserved, config.host, config.port)
  const { port } = reserved.address() as AddressInfo
  const address = addressOf(config, port)
  const baseUrl = config.public_url ?? address

  const metrics = parts.use(createMetrics({ process: true }))
  const store = parts.use(await openStore({ path: join(config.data, 'carillon.sqlite') }))
  // With Redis each worker is a node of its own there, like those on other machines.
  const engine = config.redis_url === undefined ? parts.use(await openEngine({ config, store, metrics, log })) : null
  const setupLink = await prepareIdentity()
  const switchboard = createSwitchboard()
  // What is written to the history is measured here.
  const installation = installationOf(config)
  switchboard.answer('metrics', (asker) => (asker === installation ? metrics.read() : null))

  let freed: Promise<void> | undefined
  const freePort = () => (freed ??= closeServer(reserved))
  const supervisor = await startSupervisor({
    count: config.processes,
    program: fileURLToPath(new URL('./worker.ts', import.meta.url)),
    log,
    async start({ number, peer, onGone }) {
      const node = randomUUID()
      peer.serve({ join: freePort })
      if (engine !== null) {
        const { broker, ephemeral } = engine
        const service = serveWorker({ peer, node, broker, ephemeral, switchboard, freePort, log })
        onGone(() => service[Symbol.dispose]())
      }
      await peer.call('start', [{ config, worker: number, node, baseUrl, port }], startWithinMs)
    },
  })
  parts.use(supervisor)
  const running = parts.move()
  const about = { url: baseUrl, address, addressForOthers: addressForOthers(config, baseUrl), transport, setupLink }
  return { ...about, [Symbol.asyncDispose]: () => running.disposeAsync() }

  /** Brings identity's tables up to date, which several processes at once must not. */
  async function prepareIdentity(): Promise<string | null> {
    await using ephemeral = createMemoryEphemeral()
    await using records = await openRecordsOf(config, store, log)
    const options = { records, ephemeral, baseUrl, sweeps: false, ...secretOf(config) }
    await using auth = await createAuth({ ...options, log: log.child({ room: 'auth' }) })
    return await createSetupLink(auth, baseUrl)
  }
}
