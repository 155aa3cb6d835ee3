import { type ChildProgram, startChild } from '../child-program.ts'
import { type CeleryOf, python } from './python-client.ts'

export interface PreforkWorkerOptions extends CeleryOf {
  readonly name: string
  readonly queue: string
  readonly concurrency?: number
}

/**
 * A stock Celery worker, as it is started by default, with the tasks of `client_tasks.py`: what runs can be ended. Resolves
 * when it is ready.
 */
export async function startPreforkWorker(options: PreforkWorkerOptions): Promise<ChildProgram> {
  const { broker, backend, name, queue, concurrency = 3 } = options
  const child = startChild(
    python,
    [
      '-m',
      'celery',
      '-A',
      'client_tasks',
      'worker',
      '-c',
      `${concurrency}`,
      '-l',
      'INFO',
      '-n',
      `${name}@%h`,
      '-Q',
      queue,
    ],
    {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        ...{ BROKER_URL: broker, RESULT_BACKEND: backend, DEFAULT_QUEUE: queue, PYTHONDONTWRITEBYTECODE: '1' },
      },
    },
  )
  await child.waitFor(/ ready\./, 60_000)
  return child
}
