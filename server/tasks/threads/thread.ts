import { once } from 'node:events'
import { workerData } from 'node:worker_threads'
import type { TaskArguments } from '#protocol/tasks.ts'
import { loadModules } from '../definitions/load-definitions.ts'
import { parseArguments } from '../definitions/task-arguments.ts'
import { createThreadContext, type ThreadContext } from './context.ts'
import type { IntoThread, ThreadData, ThreadOrder, ThreadOutcome, ThreadPort } from './messages.ts'
import { resultText } from './result-text.ts'

// What piscina loads in each thread.

/** Modules that were fine in the main thread; what is wrong with one here is told by its tasks. */
let loaded: ReturnType<typeof loadModules> | undefined

/** Carries tasks out, one after the other, until its port is closed. */
export async function serveTasks({ port, maxResult }: ThreadPort): Promise<void> {
  let current: ThreadContext | undefined
  port.on('message', (message: IntoThread) => {
    if (message.kind !== 'run') return current?.hear(message)
    const context = createThreadContext(message.order, (said) => port.postMessage(said))
    current = context
    void runTask(message.order, context, maxResult).then((outcome) => {
      current = undefined
      port.postMessage({ kind: 'ended', outcome })
    })
  })
  await once(port, 'close')
}

/** Never throws: when this is not answered the thread has ended. */
async function runTask(order: ThreadOrder, context: ThreadContext, maxResult: number): Promise<ThreadOutcome> {
  try {
    const { modules } = threadData()
    loaded ??= loadModules(modules)
    const { byName, problems } = await loaded
    const task = byName.get(order.name)
    if (task === undefined) return failed('unknown_task', unknownSentence(order.name, problems), true)
    const parsed = parseArguments(task, JSON.parse(order.args) as TaskArguments)
    if (!parsed.ok) {
      const sentences = parsed.errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      return failed('bad_arguments', sentences.join(' '), true)
    }
    const result = resultText(await task.run(parsed.value, context.given), maxResult)
    return result.ok ? { kind: 'succeeded', result: result.text } : failed(result.type, result.message, true)
  } catch (error) {
    return { ...ofError(error), aborted: context.aborted() }
  } finally {
    context.close()
  }
}

/** piscina puts what it was given beside what is its own. */
function threadData(): ThreadData {
  const found = Array.isArray(workerData) ? workerData.find((part) => part?.modules !== undefined) : workerData
  return found ?? { modules: [] }
}

function unknownSentence(name: string, problems: readonly { readonly problem: string; readonly path: string }[]) {
  const why = problems.map(({ path, problem }) => `${path}: ${problem}`).join(' ')
  return `There is no task ${name} in this worker.${why === '' ? '' : ` ${why}`}`
}

function failed(type: string, message: string, isFinal: boolean): ThreadOutcome {
  return { kind: 'failed', error: { type, message }, isFinal, trace: null, aborted: null }
}

const shownCharacters = 2_000

function ofError(error: unknown): Extract<ThreadOutcome, { kind: 'failed' }> {
  if (!(error instanceof Error)) {
    const message = `It threw something that is no error: ${String(error)}`.slice(0, shownCharacters)
    return { kind: 'failed', error: { type: 'Error', message }, isFinal: false, trace: null, aborted: null }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const message =
    error.message === '' ? 'It threw an error without a message.' : error.message.slice(0, shownCharacters)
  return {
    kind: 'failed',
    error: { type: (error.name === 'Error' && code !== null ? code : error.name).slice(0, 200), message },
    isFinal: 'retry' in error && error.retry === false,
    trace: error.stack?.slice(0, 10_000) ?? null,
    ...argsOf(error),
    aborted: null,
  }
}

/** JSON, so that it goes on as it is. */
function argsOf(error: Error): { readonly args?: readonly unknown[] } {
  if (!('args' in error) || !Array.isArray(error.args)) return {}
  const written = resultText(error.args, argsBytes)
  return written.ok ? { args: JSON.parse(written.text) } : {}
}

const argsBytes = 16 * 1024
