import { type ChildProgram, startChild } from '../child-program.ts'
import { type CeleryOf, python } from './python-client.ts'

export interface PythonWorkerOptions extends CeleryOf {
  readonly name: string
  readonly queue: string
}

/** A stock Celery worker with the tasks of `tasks.py`. Resolves when it is ready. */
export async function startPythonWorker({ broker, backend, name, queue }: PythonWorkerOptions): Promise<ChildProgram> {
  const args = ['-m', 'celery', '-A', 'tasks', 'worker', '-P', 'solo', '-l', 'DEBUG', '-n', `${name}@%h`, '-Q', queue]
  const child = startChild(python, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, BROKER_URL: broker, RESULT_BACKEND: backend, PYTHONDONTWRITEBYTECODE: '1' },
  })
  await child.waitFor(/ ready\./, 60_000)
  return child
}

/** `celery` as a person types it. */
export async function runCelery(broker: string, args: readonly string[]): Promise<string> {
  await using child = startChild(python, ['-m', 'celery', '-b', broker, ...args], { cwd: '/' })
  await child.exited
  return child.output()
}

export function startCelery(broker: string, args: readonly string[]): ChildProgram {
  return startChild(python, ['-u', '-m', 'celery', '-b', broker, ...args], {
    cwd: '/',
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  })
}
