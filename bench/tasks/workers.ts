import { join } from 'node:path'
import { python } from '../../test/support/celery/python-client.ts'
import { type ChildProgram, startChild } from '../../test/support/child-program.ts'
import { carillon } from '../../test/support/server-process.ts'

export const workerKinds = ['python', 'carillon'] as const
export type WorkerKind = (typeof workerKinds)[number]

export interface WorkerPlace {
  readonly broker: string
  readonly redis: string
  readonly queue: string
}

/** As many processes of the one as threads of the other. */
export const workerConcurrency = 2

export const siteFolder = join(import.meta.dirname, 'site')

/** As each is started by whoever changes nothing but how many: ours with the option of the `carillon` command. Returns at once. */
export const startWorkerOf: Readonly<Record<WorkerKind, (place: WorkerPlace) => ChildProgram>> = {
  python: ({ broker, redis, queue }) =>
    startChild(
      python,
      ['-m', 'celery', '-A', 'bench_tasks', 'worker', '-c', String(workerConcurrency), '-n', 'python@%h', '-Q', queue],
      {
        cwd: import.meta.dirname,
        env: { ...process.env, BROKER_URL: broker, RESULT_BACKEND: redis, PYTHONDONTWRITEBYTECODE: '1' },
      },
    ),
  carillon: ({ broker, redis, queue }) =>
    startChild(
      process.execPath,
      [
        ...['--max-semi-space-size=8', carillon, 'worker', '--name', 'carillon'],
        ...['--queues', queue, '--concurrency', String(workerConcurrency)],
      ],
      {
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          AMQP_URL: broker,
          REDIS_URL: redis,
          CARILLON_TASKS: JSON.stringify({ folder: siteFolder }),
        },
      },
    ),
}
