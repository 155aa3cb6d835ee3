import { once } from 'node:events'
import { workerData } from 'node:worker_threads'
import type { TaskArguments } from '#protocol/tasks.ts'
import { loadModules } from '../definitions/load-definitions.ts'
import { argumentsSentence, parseArguments } from '../definitions/task-arguments.ts'
import { createThreadContext, type ThreadContext } from './context.ts'
import type { IntoThread, ThreadData, ThreadOrder, ThreadOutcome, ThreadPort } from './messages.ts'
import { resultText } from './result-text.ts'

// What piscina loads in each thread.

/** Modules that were fine in the main thread; what is wrong with one here is told by its tasks. */
let loaded: ReturnType<typeof loadModules> | undefined

/** Longer than this the thread does not go without hearing what it is told, in milliseconds. */
const deafMs = 1

/** Carries tasks out, one after the other, until its port is closed. */
export async function serveTasks({ port, claims, maxResult }: ThreadPort): Promise<void> {
  const waiting: ThreadOrder[] = []
  let current: { readonly number: number; readonly context: ThreadContext } | undefined
  let heardAt = 0
  port.on('message', (message: IntoThread) => {
    heardAt = performance.now()
    if (message.kind === 'tell') {
      if (current?.number === message.number) current.context.hear(message.message)
      return
    }
    waiting.push(...message.orders)
    if (current === undefined) next()
  })
  await once(port, 'close')

  function next(): void {
    for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
      const { number, slot } = order
      // What was taken back is somebody else's.
      if (Atomics.compareExchange(claims, slot, number, 0) !== number) continue
      begin(order)
      return
    }
  }

  function begin(order: ThreadOrder): void {
    const { number } = order
    const context = createThreadContext(order, (message) => port.postMessage({ kind: 'said', number, message }))
    current = { number, context }
    void runTask(order, context, maxResult).then((outcome) => {
      // At once: what comes next may hold the thread up.
      port.postMessage({ kind: 'ended', number, outcome })
      if (performance.now() - heardAt < deafMs) return goOn()
      setImmediate(() => {
        heardAt = performance.now()
        goOn()
      })
    })
  }

  function goOn(): void {
    current = undefined
    next()
  }
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
    if (!parsed.ok) return failed('bad_arguments', argumentsSentence(parsed.errors), true)
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
