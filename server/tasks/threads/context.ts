import type { TaskContext } from '../definition.ts'
import type { AbortReason, FromThread, HostVerb, LogLevel, ThreadOrder, ToThread } from './messages.ts'

/** What the product's own tasks are given: they may ask the server something. */
export interface ProductContext extends TaskContext {
  ask(question: string, about: unknown): Promise<unknown>
}

export interface ThreadContext {
  readonly given: ProductContext
  hear(message: ToThread): void
  /** Why it was asked to end, if it was. */
  aborted(): AbortReason | null
  close(): void
}

/** Time between two messages about progress, in milliseconds. */
const progressEveryMs = 200
/** Calls of the server that are not answered yet. */
const maxCalls = 1_000
const noteCharacters = 500

/** The end of the thread of what lies between it and the server. */
export function createThreadContext(
  { id, name, try: number }: ThreadOrder,
  say: (message: FromThread) => void,
): ThreadContext {
  const ending = new AbortController()
  const calls = new Map<number, PromiseWithResolvers<unknown>>()
  let aborted: AbortReason | null = null
  let lastCall = 0
  let isClosed = false
  let toldAt = Number.NEGATIVE_INFINITY
  let untold: FromThread | undefined
  let timer: NodeJS.Timeout | undefined

  function hear(message: ToThread): void {
    if (message.kind === 'abort') {
      aborted ??= message.reason
      ending.abort(abortError(message.reason))
    } else if (message.kind === 'answer') settle(message.number)?.resolve(message.value)
    else {
      const { message: sentence, type, code } = message.error
      settle(message.number)?.reject(Object.assign(new Error(sentence), { name: type, ...(code && { code }) }))
    }
  }

  function settle(call: number) {
    const waiting = calls.get(call)
    calls.delete(call)
    return waiting
  }

  /** What a task has left behind is heard no more: another one has its place. */
  function tell(message: FromThread): void {
    if (!isClosed) say(message)
  }

  function call(verb: HostVerb, ...args: readonly unknown[]): Promise<unknown> {
    if (calls.size >= maxCalls) {
      return Promise.reject(
        new Error(`More than ${maxCalls} calls are under way. Await what you have submitted first.`),
      )
    }
    const waiting = Promise.withResolvers<unknown>()
    calls.set(++lastCall, waiting)
    try {
      tell({ kind: 'call', number: lastCall, verb, args })
    } catch (error) {
      calls.delete(lastCall)
      waiting.reject(error)
    }
    return waiting.promise
  }

  function tellProgress(): void {
    clearTimeout(timer)
    timer = undefined
    if (untold === undefined) return
    tell(untold)
    untold = undefined
    toldAt = performance.now()
  }

  function log(level: LogLevel) {
    return (first: unknown, second?: unknown) => {
      const [fields, message] = typeof first === 'string' ? [{}, first] : [first, second]
      tell({ kind: 'log', level, fields: plain(fields), message: String(message ?? '').slice(0, 10_000) })
    }
  }

  return {
    given: {
      id,
      name,
      try: number,
      signal: ending.signal,
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') } as TaskContext['log'],
      progress(fraction, note) {
        const told = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : null
        untold = {
          kind: 'progress',
          fraction: told,
          note: note === undefined ? null : String(note).slice(0, noteCharacters),
        }
        const waitMs = toldAt + progressEveryMs - performance.now()
        if (waitMs <= 0) tellProgress()
        else timer ??= setTimeout(tellProgress, waitMs)
      },
      submit: (request) => call('submit', request) as Promise<string>,
      file: (file, type) => call('file', file, type) as Promise<string>,
      ask: (question, about) => call('ask', question, about),
    },
    hear,
    aborted: () => aborted,
    close() {
      tellProgress()
      isClosed = true
    },
  }
}

function abortError(reason: AbortReason): Error {
  const error = new Error(abortSentences[reason])
  error.name = reason === 'soft_limit' ? 'TimeoutError' : 'AbortError'
  return error
}

const abortSentences: Readonly<Record<AbortReason, string>> = {
  cancelled: 'It was cancelled.',
  soft_limit: 'It ran longer than its soft limit.',
  stopping: 'Whoever runs it is stopping.',
}

/** What is logged, as JSON has it: a thread can say anything. */
function plain(fields: unknown): Record<string, unknown> {
  try {
    const text = JSON.stringify(fields, (_, value: unknown) =>
      value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value,
    )
    const read: unknown = JSON.parse(text ?? '{}')
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : { value: read }
  } catch {
    return { value: String(fields) }
  }
}
