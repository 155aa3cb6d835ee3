import { fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../test/support/server-process.ts'

/**
 * A server with many clients is restarted: how long it takes until all are back, and what somebody who publishes
 * meanwhile notices of it. The server is the real one, clients have JSON web tokens of their own, come back by the SDK's
 * rule and recover what they missed.
 *
 *     node bench/restart.ts [--clients 10000] [--json]
 *
 * Each process needs as many open files as there are clients: see `ulimit -n`.
 */
const { values } = parseArgs({ options: { clients: { type: 'string' }, json: { type: 'boolean' } } })
const clientCount = Number(values.clients ?? 10_000)
/** From the start of the server; after it the run has failed. */
const limitMs = 120_000
const publishEveryMs = 20

const openFiles = await openFilesLimit()
if (openFiles < clientCount + 500) {
  console.error(
    `Only ${openFiles} files may be open, which is too few for ${clientCount} clients. Try ulimit -n 20000.`,
  )
  process.exit(1)
}
await using server = await startServerProcess({ env: { CARILLON_LOG_LEVEL: 'warn' } })
const key = { 'x-api-key': await createKey(server, ['publish', 'metrics']) }
const { token } = await signIn(server, 'bench@example.org', 'viewer')
say(`${clientCount} tokens`)
const tokens = await tokensFor(server, token, clientCount)

using clients = startClients(Number(new URL(server.url).port), tokens)
say('clients connect')
await until(() => clients.totals.connected === clientCount)
await loopDelays()

say('the server is restarted')
const before = { ...clients.totals }
const stopBegun = performance.now()
await server.stop()
await until(() => clients.totals.connected === 0)
const startBegun = performance.now()
await server.start()
const listening = performance.now()

const latencies: number[] = []
const delays: { p99: number; max: number }[] = []
let failures = 0
let isOver = false
const publishing = publishUntilOver()
const measuring = measureUntilOver()
await until(() => clients.totals.connected === clientCount)
const allBack = performance.now()
isOver = true
await Promise.all([publishing, measuring])

const { totals } = clients
const sorted = latencies.toSorted((a, b) => a - b)
const result = {
  clients: clientCount,
  stopSeconds: seconds(startBegun - stopBegun),
  startSeconds: seconds(listening - startBegun),
  /** From when the server listened again to when the last client was subscribed again. */
  allBackSeconds: seconds(allBack - listening),
  attempts: totals.attempts - before.attempts,
  refusedAttempts: totals.refused - before.refused,
  recovered: totals.recovered - before.recovered,
  notRecovered: totals.notRecovered - before.notRecovered,
  publications: sorted.length,
  publishFailures: failures,
  publishMs: { p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: at(sorted, 1) },
  eventLoopDelayMs: {
    p99: Math.max(...delays.map(({ p99 }) => p99)),
    max: Math.max(...delays.map(({ max }) => max)),
  },
}
if (values.json) console.log(JSON.stringify(result))
else console.log(result)

/** One after another, as a service does that waits for its answer. */
async function publishUntilOver(): Promise<void> {
  for (let n = 0; !isOver; n++) {
    const begun = performance.now()
    const body = { channel: `news:bench-${n % 100}`, data: { n } }
    const answer = await server.api('POST', '/api/publish', { headers: key, body }).catch(() => null)
    if (answer?.status === 200) latencies.push(round(performance.now() - begun))
    else failures += 1
    await pause(publishEveryMs)
  }
}

async function measureUntilOver(): Promise<void> {
  do {
    await pause(1_000)
    delays.push(await loopDelays())
  } while (!isOver)
}

/** Of the server, since this was asked last. */
async function loopDelays(): Promise<{ p99: number; max: number }> {
  const text = await (await fetch(`${server.url}/metrics`, { headers: key })).text()
  const ms = (name: string) => round(1000 * Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]))
  return { p99: ms('nodejs_eventloop_lag_p99_seconds'), max: ms('nodejs_eventloop_lag_max_seconds') }
}

async function tokensFor(server: ServerProcess, session: string, count: number): Promise<string[]> {
  const tokens: string[] = []
  const ask = async () => {
    while (tokens.length < count) {
      tokens.push('')
      const at = tokens.length - 1
      const { body } = await server.api('POST', '/api/v1/access-tokens', { headers: bearer(session) })
      tokens[at] = (body as { token: string }).token
    }
  }
  await Promise.all(Array.from({ length: 10 }, ask))
  return tokens
}

function startClients(port: number, tokens: readonly string[]) {
  const child = fork(new URL('./restart-clients.ts', import.meta.url))
  const totals = { connected: 0, attempts: 0, refused: 0, recovered: 0, notRecovered: 0 }
  child.on('message', (message) => void Object.assign(totals, message))
  child.send({ port, tokens })
  return { totals, [Symbol.dispose]: () => void child.kill() }
}

/** Node raises what holds at first to what may be, so that counts. Unknown elsewhere than on Linux. */
async function openFilesLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, most] = /^Max open files +\S+ +(\d+)/m.exec(limits) ?? []
  return most === undefined ? Number.POSITIVE_INFINITY : Number(most)
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + limitMs
  while (!isSo()) {
    if (performance.now() > giveUpAt) {
      throw new Error(`not so after ${limitMs / 1000} s: ${JSON.stringify(clients.totals)}`)
    }
    await pause(50)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function at(sorted: readonly number[], quantile: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN
}

function seconds(ms: number): number {
  return round(ms / 1000)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function say(what: string): void {
  if (!values.json) console.log(what)
}
