import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Debian's, which has Celery; another one may come first in the path. */
export const python = '/usr/bin/python3'

/** A stock Celery client in Python that runs what it is told. */
export interface PythonClient extends AsyncDisposable {
  /** Runs these lines, and answers what they have put into `value`. */
  run(code: string, timeoutMs?: number): Promise<unknown>
}

export interface CeleryOf {
  readonly broker: string
  /** `rpc://`, or that of a Redis. */
  readonly backend: string
}

export function startPythonClient({ broker, backend }: CeleryOf): PythonClient {
  const child = spawn(python, [join(import.meta.dirname, 'client.py')], {
    env: { ...process.env, BROKER_URL: broker, RESULT_BACKEND: backend, PYTHONUNBUFFERED: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-10_000)
  })
  let waiting: PromiseWithResolvers<unknown> | null = null
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void closed.then(() => waiting?.reject(new Error(`Python has ended: ${errors}`)))
  createInterface(child.stdout).on('line', (line) => {
    if (!line.startsWith('=> ')) return
    const answer = JSON.parse(line.slice(3))
    const { resolve, reject } = waiting ?? Promise.withResolvers()
    waiting = null
    if (answer.ok) resolve(answer.value)
    else reject(new Error(`${answer.error}\n${answer.traceback}`))
  })

  return {
    async run(code, timeoutMs = 30_000) {
      if (waiting !== null) throw new Error('One thing at a time.')
      const asked = Promise.withResolvers<unknown>()
      waiting = asked
      child.stdin.write(`${JSON.stringify(dedent(code))}\n`)
      const timer = setTimeout(() => {
        waiting = null
        asked.reject(new Error(`Python did not answer in time: ${code}\n${errors}`))
      }, timeoutMs)
      return asked.promise.finally(() => clearTimeout(timer))
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** Python minds how far lines are indented. */
function dedent(code: string): string {
  const lines = code.split('\n').filter((line) => line.trim() !== '')
  const margin = Math.min(...lines.map((line) => line.length - line.trimStart().length))
  return lines.map((line) => line.slice(margin)).join('\n')
}
