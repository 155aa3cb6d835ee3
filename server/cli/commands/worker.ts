import { Command } from 'commander'
import { destination, pino } from 'pino'
import { z } from 'zod'
import { queueName } from '#protocol/tasks.ts'
import { describeAmqp } from '#server/config/amqp.ts'
import { type Config, readConfig } from '#server/config/config.ts'
import { taskSettings } from '#server/config/tasks.ts'
import { watchFaults } from '#server/processes/faults.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { CliContext } from '../context.ts'
import { print } from '../output.ts'

interface WorkerFlags {
  readonly queues?: string
  readonly concurrency?: string
  readonly name?: string
  readonly events?: boolean
  readonly config?: string
  readonly json?: boolean
}

/** Longest that closing may take once all tasks have ended, in milliseconds. */
const closeLimitMs = 10_000

export function workerCommand(context: CliContext): Command {
  return new Command('worker')
    .description('carry out tasks from RabbitMQ, of Carillon and of Celery')
    .option('--queues <names>', 'queues to take from, with commas between (tasks.default_queue)')
    .option('--concurrency <count>', 'tasks at a time (auto: one a core)')
    .option('--name <name>', 'what monitors call it, of which there is one (carillon-PID@HOST)')
    .option('--events', 'tell monitors of every task; that it lives they are always told')
    .option('--config <file>', 'configuration file (carillon.config.json)')
    .option('--json', 'print what it is as JSON once it takes tasks')
    .addHelpText(
      'after',
      `
AMQP_URL says where RabbitMQ is, REDIS_URL where results go; without it they go to the queue that a task names.
The first SIGTERM or SIGINT lets it finish what it runs and hands back the rest; the second ends it at once.

Examples:
  AMQP_URL=amqp://localhost carillon worker
  carillon worker --queues reports,celery --concurrency 4 --name reports`,
    )
    .action(async ({ json, ...flags }: WorkerFlags) => {
      const config = configOf(flags, context)
      const { amqp_url: target } = config
      if (target === undefined) {
        throw new CliError('amqp_missing', 'A worker takes its tasks from RabbitMQ. Set AMQP_URL or amqp_url.')
      }
      const queues = queuesOf(flags.queues, config)
      const name = nameOf(flags.name)
      const log = pino({ level: config.log_level, base: null }, destination({ dest: 2, sync: true }))
      const stopped = Promise.withResolvers<string>()
      onStopSignal(stopped.resolve)
      watchFaults({
        ...{ modules: [], log },
        stop() {
          process.exitCode = 1
          stopped.resolve('fault')
        },
      })
      const worker = await context.startWorker({
        ...{ config, target, queues, name, log },
        onShutdown: () => stopped.resolve('remote control'),
      })
      const { node, names } = worker
      void worker.whenReady(readyPatienceMs).then((isReady) => {
        if (!isReady) return
        const about = { name: node, queues, concurrency: config.tasks.concurrency, tasks: names }
        print(json, about, `${node} takes tasks from ${queues.join(', ')} at ${describeAmqp(target)}`)
        log.info(about, 'taking tasks')
      })

      const why = await stopped.promise
      log.info({ why }, 'finishing what runs; another signal ends it at once')
      await worker.stop()
      setTimeout(() => process.exit(1), closeLimitMs).unref()
      await worker[Symbol.asyncDispose]()
      log.info('stopped')
    })
}

/** RabbitMQ may come later than the worker, by a day at most. */
const readyPatienceMs = 24 * 3600_000

function configOf({ concurrency, events, config: file }: WorkerFlags, { env, cwd }: CliContext): Config {
  const config = readConfig({ env, flags: file === undefined ? {} : { config: file }, cwd })
  const { tasks } = config
  const celery = events ? { ...tasks.celery, events } : tasks.celery
  if (concurrency === undefined) return { ...config, tasks: { ...tasks, celery, concurrency: tasks.concurrency || 1 } }
  const given = concurrency === 'auto' ? concurrency : Number(concurrency)
  const parsed = taskSettings.shape.concurrency.safeParse(given)
  if (!parsed.success || parsed.data < 1) {
    throw usageError('bad_concurrency', 'Give a number of tasks at a time from 1 to 256, or auto for one a core.')
  }
  return { ...config, tasks: { ...tasks, celery, concurrency: parsed.data } }
}

function queuesOf(given: string | undefined, { tasks }: Config): readonly string[] {
  if (given === undefined) return [tasks.default_queue]
  const names = [...new Set(given.split(',').map((name) => name.trim()))]
  const parsed = z.array(queueName).min(1).max(200).safeParse(names)
  if (parsed.success) return parsed.data
  throw usageError('bad_queue', `${parsed.error.issues[0]?.message ?? ''} Write --queues reports,celery.`)
}

function nameOf(given: string | undefined): string | undefined {
  if (given === undefined || /^[\w.-]{1,60}(@[\w.-]{1,100})?$/.test(given)) return given
  throw usageError('bad_name', 'A worker name has at most 60 letters, digits, dots, _ and -, perhaps @ and a host.')
}

/** The first signal asks to finish; the second ends the process, and what it ran goes back. */
function onStopSignal(stop: (signal: string) => void): void {
  let asked = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      asked += 1
      if (asked > 1) process.exit(130)
      stop(signal)
    })
  }
}
