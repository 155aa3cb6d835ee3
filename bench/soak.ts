import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { carillonNodeOptions } from './peers/carillon.ts'
import { type Health, startNodeServer } from './peers/node-server.ts'
import { type Counters, newCounters } from './soak/counters.ts'
import { type SoakClient, startSoakClient } from './soak/soak-client.ts'

const help = `Holds a real server under load while its clients come and go, and looks at every offset they are sent.

  node bench/soak.ts [options]

  --minutes N      how long (60)
  --clients N      (5000)
  --rate N         publications a second; without it, half of the maximum measured at the beginning
  --churn N        clients that are cut off, leave, or leave the channel, in percent a second (0.7)
  --help

A line a minute, then a verdict; exits with 1 when something was lost, came twice, or memory grew.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '5000' },
    rate: { type: 'string' },
    churn: { type: 'string', default: '0.7' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const minutes = Number(values.minutes)
const people = Number(values.clients)
const churnASecond = (people * Number(values.churn)) / 100
const reportMs = Math.min(60_000, minutes * 10_000)

const server = await startNodeServer('./carillon-server.ts', ['kept', String(people)], carillonNodeOptions)
const counters = newCounters()
let published = 0
const clients = await startClients()
const rate = values.rate === undefined ? (await maximum()) / 2 : Number(values.rate)
console.log(
  `${people} clients, ${rate.toFixed(0)} publications a second, ${churnASecond.toFixed(0)} clients a second come and go`,
)

const samples: Health[] = []
const begun = performance.now()
const end = begun + minutes * 60_000
await Promise.all([publish(), churn(), report()])
const stragglers = await settle()
conclude(stragglers)

async function startClients(): Promise<readonly SoakClient[]> {
  const ticket = async () => (await server.ask<readonly string[]>({ credentials: 1, kind: 'ticket' }))[0] ?? ''
  const started: SoakClient[] = []
  const options = { port: server.port, channel: 'kept:bench', ticket, counters }
  const startOneByOne = async () => {
    for (let n = 0; n < people / 50; n++) started.push(await startSoakClient(options))
  }
  await Promise.all(Array.from({ length: 50 }, startOneByOne))
  return started
}

/** With 32 publications under way. */
async function maximum(): Promise<number> {
  const from = counters.deliveries
  const until = performance.now() + 10_000
  const ownBegin = performance.now()
  while (performance.now() < until) {
    const underWay = published - (counters.deliveries - from) / clients.length
    for (let n = underWay; n < 32; n++) publishOne()
    await pause(1)
  }
  return ((counters.deliveries - from) / clients.length / (performance.now() - ownBegin)) * 1000
}

function publishOne(): void {
  published += 1
  server.publish(1)
}

async function publish(): Promise<void> {
  const before = published
  while (performance.now() < end) {
    const due = before + Math.floor(((performance.now() - begun) / 1000) * rate)
    while (published < due) publishOne()
    await pause(1000 / rate)
  }
}

/** Most come back within two seconds; one in twenty stays away for longer than history keeps, and is told so. */
async function churn(): Promise<void> {
  while (performance.now() < end) {
    const client = clients[Math.floor(Math.random() * clients.length)]
    const awayMs = Math.random() < 0.05 ? longAwayMs() : 100 + Math.random() * 2000
    const what = Math.random()
    if (what < 0.3) client?.resubscribe(awayMs)
    else client?.drop(what < 0.65 ? 'cut' : 'close', awayMs)
    await pause(1000 / churnASecond)
  }
}

function longAwayMs(): number {
  return Math.min(60_000, (1200 / rate) * 1000)
}

async function report(): Promise<void> {
  await server.ask<Health>({ health: true })
  let before = { deliveries: counters.deliveries, at: performance.now() }
  while (performance.now() < end) {
    await pause(Math.min(reportMs, Math.max(0, end - performance.now())))
    const health = await server.ask<Health>({ health: true })
    samples.push(health)
    const now = { deliveries: counters.deliveries, at: performance.now() }
    const deliveries = ((now.deliveries - before.deliveries) / (now.at - before.at)) * 1000
    before = now
    console.log(line(health, deliveries))
  }
}

function line({ residentBytes, heapBytes, loopDelayP99Ms, unhandledRejections }: Health, deliveries: number): string {
  const { reconnects, resubscribes, recovered, unrecovered, gaps, disorder, refused, endings } = counters
  const elapsed = ((performance.now() - begun) / 60_000).toFixed(1).padStart(5)
  const closed = [...endings].map(([why, times]) => `${times} × ${why}`).join(', ')
  return (
    `${elapsed} min  rss ${mebibytes(residentBytes)}  heap ${mebibytes(heapBytes)}  loop p99 ${loopDelayP99Ms.toFixed(0)} ms  ` +
    `${Math.round(deliveries).toLocaleString('en')} deliveries/s  reconnects ${reconnects}  resubscribes ${resubscribes}  ` +
    `recovered ${recovered}  unrecovered ${unrecovered}  gaps ${gaps}  disorder ${disorder}  refused ${refused}  ` +
    `rejections ${unhandledRejections}${closed && `  ended by the server: ${closed}`}`
  )
}

/** Waits until everybody is back and has everything; answers how many have not, after a minute. */
async function settle(): Promise<number> {
  const until = performance.now() + 70_000
  const isBehind = (client: SoakClient) => !client.isSubscribed || client.offset !== published
  while (clients.some(isBehind) && performance.now() < until) await pause(200)
  return clients.filter(isBehind).length
}

function conclude(behind: number): never {
  const { gaps, disorder } = counters as Counters
  const rejections = samples.at(-1)?.unhandledRejections ?? 0
  const growth = memoryGrowth()
  const faults = [
    ...(gaps > 0 ? [`${gaps} gaps`] : []),
    ...(disorder > 0 ? [`${disorder} publications twice or out of order`] : []),
    ...(behind > 0 ? [`${behind} clients without the last publications`] : []),
    ...(rejections > 0 ? [`${rejections} unhandled rejections`] : []),
    ...(growth > 1.15 ? [`memory grew ${growth.toFixed(2)} times`] : []),
  ]
  console.log(
    `${published} publications, ${counters.deliveries} deliveries, memory at the end ${growth.toFixed(2)} times that after a quarter`,
  )
  console.log(faults.length === 0 ? 'PASSED: nothing lost, nothing twice, memory flat' : `FAILED: ${faults.join(', ')}`)
  process.exit(faults.length === 0 ? 0 : 1)
}

/** The last quarter against the second one: the first is for warming up. */
function memoryGrowth(): number {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  return middle(samples.slice(-quarter)) / middle(samples.slice(quarter, 2 * quarter))
}

function middle(some: readonly Health[]): number {
  const sorted = some.map(({ residentBytes }) => residentBytes).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
