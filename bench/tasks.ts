import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRabbitMq } from '../test/support/rabbitmq.ts'
import { startRedis } from '../test/support/redis.ts'
import { machine } from './report/machine.ts'
import { ingestRate } from './tasks/ingest.ts'
import { taskMarkdown } from './tasks/report.ts'
import { roundTrip } from './tasks/round-trip.ts'
import { throughput } from './tasks/throughput.ts'

const help = `Measures tasks and events over RabbitMQ; docs/performance.md says what the figures mean.

  npm run bench -- tasks [options]

  --rounds N       rounds, whose medians are reported (1)
  --quick          a short look, which is not kept
  --help

It starts RabbitMQ and Redis of its own, and Celery in Python (Debian: apt install rabbitmq-server redis-server celery
python3-redis). Progress goes to stderr, the result to stdout and to bench/results/tasks.md. A round takes about a
minute.`

/** `npm run bench -- tasks` with these arguments. */
export async function benchTasks(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1.')
  const sizes = values.quick
    ? { carillon: 5_000, python: 1_000, events: 500, trips: 20 }
    : { carillon: 40_000, python: 8_000, events: 5_000, trips: 100 }
  const [load = 0] = loadavg()
  const figures = await measure(rounds, sizes)
  const text = taskMarkdown({ machine: machine(), rounds, load, figures })
  process.stdout.write(text)
  if (values.quick) return
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tasks.md'), text)
}

interface Sizes {
  /** Tasks of each worker: so many that both take some seconds. */
  readonly carillon: number
  readonly python: number
  readonly events: number
  readonly trips: number
}

async function measure(rounds: number, sizes: Sizes) {
  await using rabbit = await startRabbitMq()
  await using redis = await startRedis()
  const parts = { rabbit, redis }
  const figures = {
    ...{ carillon: [] as number[], python: [] as number[], published: [] as number[], ingested: [] as number[] },
    ...{ embeddedMs: [] as number[], overRabbitMqMs: [] as number[] },
  }
  for (let round = 1; round <= rounds; round++) {
    const say = (what: string) => process.stderr.write(`round ${round} of ${rounds}, ${what}\n`)
    say('an empty task in Python')
    figures.python.push((await throughput('python', sizes.python, parts)).tasksPerSecond)
    say('an empty task in Carillon')
    const { tasksPerSecond, publishedPerSecond } = await throughput('carillon', sizes.carillon, parts)
    figures.carillon.push(tasksPerSecond)
    figures.published.push(publishedPerSecond)
    say('events to 1,000 sockets')
    figures.ingested.push(await ingestRate(rabbit.url, sizes.events))
    say('from submitted to pushed, embedded')
    figures.embeddedMs.push(await roundTrip(sizes.trips, null))
    say('from submitted to pushed, over RabbitMQ')
    figures.overRabbitMqMs.push(await roundTrip(sizes.trips, { broker: rabbit.url, redis: redis.url }))
  }
  return figures
}
