import { join } from 'node:path'
import { destination, type Logger, pino } from 'pino'
import { closeServer, nodeName, openNode, openRecordsOf } from './compose.ts'
import { type Engine, openEngine } from './engine.ts'
import { listenLocal, listenTcp, localSocketPath } from './http/listen.ts'
import { createWebServer } from './http/tls/web-server.ts'
import { unboundServer } from './http/unbound-server.ts'
import { createMetrics } from './metrics/metrics.ts'
import { watchFaults } from './processes/faults.ts'
import type { Peer } from './processes/peer.ts'
import { createRemoteBroker } from './processes/remote-broker.ts'
import { createRemoteBus } from './processes/remote-bus.ts'
import { createRemoteEphemeral } from './processes/remote-ephemeral.ts'
import type { PrimaryVerbs, StartOrder, WorkerVerbs } from './processes/verbs.ts'
import { createWorkerPeer } from './processes/worker-peer.ts'
import { openStore } from './store/store.ts'

// One of several processes that serve clients. The primary starts it, tells it when to stop and outlives it; should the
// primary end first, node:cluster ends this process when the way to it is cut.

// A terminal and a service manager signal all processes; when to end is the primary's to say.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})

let log: Logger = pino({ level: 'warn' }, destination({ dest: 2, sync: true }))
const peer = createWorkerPeer(() => log)
let running: AsyncDisposable | undefined
/** Longest that ending may take: it has up to 18 seconds to drain. */
const endLimitMs = 18_500
peer.serve({
  ping: () => {},
  async start(order) {
    log = pino({ level: order.config.log_level, base: { worker: order.worker } }, destination({ dest: 2, sync: true }))
    watchFaults({ modules: order.config.hooks.modules, log, stop: () => void end(1) })
    running = await start(order)
  },
  stop: () => end(0),
})

/** Another one takes its place unless the primary has asked for it. */
async function end(code: number): Promise<void> {
  setTimeout(() => process.exit(code), endLimitMs).unref()
  await running?.[Symbol.asyncDispose]()
  process.exit(code)
}

async function start({ config, worker, node, baseUrl, port }: StartOrder): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  const local = unboundServer()
  const web = createWebServer(config, log)
  for (const server of [local, web]) parts.defer(() => closeServer(server))
  const metrics = parts.use(createMetrics({ process: true }))
  const store = parts.use(await openStore({ path: join(config.data, 'carillon.sqlite') }))
  const records = parts.use(await openRecordsOf(config, store, log))
  // On Redis this process is a node like those of other machines.
  const isOnRedis = config.redis_url !== undefined
  const engine = parts.use(isOnRedis ? await openEngine({ config, store, metrics, log }) : openRemoteEngine(peer, node))
  parts.use(
    await openNode({
      config,
      log,
      metrics,
      store,
      records,
      engine,
      name: nodeName(port, worker),
      baseUrl,
      local,
      web,
      sweeps: worker === 1,
    }),
  )
  // Before there are clients that a message could be about.
  await peer.call('join', [])
  await listenTcp(web, config.host, port)
  await listenLocal(local, localSocketPath(config.data))
  return parts.move()
}

/** What the primary keeps for all workers. */
function openRemoteEngine(peer: Peer<PrimaryVerbs, WorkerVerbs>, node: string): Engine {
  const parts = new AsyncDisposableStack()
  const ephemeral = parts.use(createRemoteEphemeral(peer))
  const bus = parts.use(createRemoteBus({ peer, node, log: log.child({ room: 'bus' }) }))
  const broker = parts.use(createRemoteBroker(peer))
  const isUp = () =>
    peer.call('nodes', [], 1_000).then(
      () => true,
      () => false,
    )
  return { broker, bus, ephemeral, isUp, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
