import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchKiosk } from './kiosk.ts'
import { type MeasureName, measureNames, type Peer } from './peer.ts'
import { bareWs } from './peers/bare-ws.ts'
import { carillon } from './peers/carillon.ts'
import { mosquitto } from './peers/mosquitto.ts'
import { nats } from './peers/nats.ts'
import { nchan } from './peers/nchan.ts'
import { socketIo } from './peers/socket-io.ts'
import { writeLimit } from './peers/write-limit.ts'
import { chart } from './report/chart.ts'
import { machine } from './report/machine.ts'
import { markdown, type Report } from './report/table.ts'
import { runRound, type Sizes } from './round.ts'
import { createSheet, type RowName, rows } from './sheet.ts'
import { verdicts } from './targets.ts'
import { benchTasks } from './tasks.ts'

const help = `Measures Carillon beside other servers on this machine; docs/performance.md says what the figures mean.

  npm run bench -- [options]
  npm run bench -- tasks [options]      tasks and events over RabbitMQ; --help says more
  npm run bench -- kiosk [options]      a kiosk's memory over a day, and how it heals; --help says more

  --rounds N       rounds, whose medians are reported (1)
  --quick          a short look: shorter measuring, 1,000 idle connections instead of 10,000
  --only A,B       of ${measureNames.join(', ')}
  --peers A,B      only peers whose names contain one of these; Carillon and Socket.IO are cheap to keep
  --write          replace bench/results also by a run that is quick or not of everything
  --help

Progress goes to stderr, the result to stdout and, of a whole run, to bench/results. A round takes about five minutes.`

/** Socket.IO comes first: its load is what others are asked to carry ten times of. */
const everyPeer: readonly Peer[] = [socketIo, bareWs, writeLimit, nchan, nats, mosquitto, ...carillon]
const folder = join(import.meta.dirname, 'results')

if (process.argv[2] === 'tasks') {
  await benchTasks(process.argv.slice(3))
  process.exit(0)
}
if (process.argv[2] === 'kiosk') process.exit(await benchKiosk(process.argv.slice(3)))
const options = readOptions()
const missing = everyPeer.flatMap((peer) => {
  const why = peer.missing()
  return why === null ? [] : [{ name: peer.name, why }]
})
const peers = everyPeer.filter((peer) => peer.missing() === null && isChosen(peer))
const sheet = createSheet()
for (let round = 1; round <= options.rounds; round++) {
  const say = (line: string) => process.stderr.write(`round ${round} of ${options.rounds}, ${line}\n`)
  await runRound({ peers, measures: options.measures, sizes: options.sizes, sheet, say })
}
const report: Report = { machine: machine(), rounds: options.rounds, sheet, verdicts: verdicts(sheet), missing }
process.stdout.write(markdown(report))
if (options.write) writeResults(report)
// Sockets of the last peer may still be closing.
process.exit(0)

function readOptions() {
  try {
    return parsedOptions()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}\n`)
    process.exit(2)
  }
}

function parsedOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      peers: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    process.exit(0)
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1.')
  const names = values.only?.split(',') ?? measureNames
  const unknown = names.find((name) => !measureNames.includes(name as MeasureName))
  if (unknown !== undefined) throw new Error(`There is no measure ${unknown}.`)
  const sizes: Sizes = values.quick
    ? { seconds: 1, latencySeconds: 2, connections: 2000, idle: 1000 }
    : { seconds: 2, latencySeconds: 5, connections: 6000, idle: 10_000 }
  const measures = names as readonly MeasureName[]
  const isWhole = !values.quick && values.only === undefined && values.peers === undefined
  const write = values.write || isWhole
  return { rounds, measures, sizes, write, peers: values.peers?.toLowerCase().split(',') }
}

function isChosen(peer: Peer): boolean {
  return options.peers?.some((name) => peer.name.toLowerCase().includes(name)) ?? true
}

/** Replaces the result before: history is git's business. */
function writeResults(result: Report): void {
  mkdirSync(folder, { recursive: true })
  const figures = Object.fromEntries(
    (Object.keys(rows) as RowName[]).map((row) => [
      row,
      Object.fromEntries(sheet.peers(row).map((peer) => [peer, sheet.values(row, peer)])),
    ]),
  )
  const { machine, rounds, verdicts } = result
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify({ machine, rounds, figures, verdicts }, null, 2)}\n`)
  const drawing = chart(sheet)
  const picture = drawing === null ? '' : '\n![Ratios to Socket.IO](chart.svg)\n'
  if (drawing !== null) writeFileSync(join(folder, 'chart.svg'), drawing)
  writeFileSync(join(folder, 'result.md'), `${markdown(result)}${picture}`)
}
