import type { Logger } from 'pino'

/**
 * Runs what is to happen after the fact, in order for each client, and several clients at a time. Bounded: what comes
 * while it is full is dropped and counted in the log, because a client's socket never waits for it.
 */
export interface HookQueue extends AsyncDisposable {
  /** `work` must not reject. */
  push(key: string, work: () => Promise<void>): void
}

export interface HookQueueOptions {
  readonly log: Logger
  /** Default 100,000. */
  readonly maxWaiting?: number
  /** How long what waits may still take when the server stops, in milliseconds. Default 2,000. */
  readonly drainMs?: number
}

/** Enough that slow records do not hold everybody up, and few enough that they are not overrun. */
const atATime = 64
const logEveryMs = 10_000

export function createHookQueue({ log, maxWaiting = 100_000, drainMs = 2_000 }: HookQueueOptions): HookQueue {
  const waiting = new Map<string, (() => Promise<void>)[]>()
  /** Keys with work whose turn has not come. */
  const ready: string[] = []
  let count = 0
  let running = 0
  let scheduled = false
  let dropped = 0
  let report: NodeJS.Timeout | undefined
  let whenIdle: (() => void) | undefined

  return {
    push(key, work) {
      if (count >= maxWaiting) {
        drop()
        return
      }
      count += 1
      const works = waiting.get(key)
      if (works) {
        works.push(work)
        return
      }
      waiting.set(key, [work])
      ready.push(key)
      schedule()
    },
    async [Symbol.asyncDispose]() {
      if (count > 0) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          whenIdle = resolve
          timer = setTimeout(resolve, drainMs)
        })
        clearTimeout(timer)
      }
      if (count > 0) log.warn({ waiting: count }, 'hooks were not done in time and are given up')
      clearTimeout(report)
    },
  }

  /** Never in the turn of whoever tells. */
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      start()
    })
  }

  function start(): void {
    while (running < atATime) {
      const key = ready.shift()
      if (key === undefined) return
      running += 1
      void runAll(key)
    }
  }

  async function runAll(key: string): Promise<void> {
    const works = waiting.get(key) ?? []
    for (let next = works.shift(); next; next = works.shift()) {
      await next()
      count -= 1
    }
    waiting.delete(key)
    running -= 1
    if (ready.length > 0) schedule()
    if (count === 0) whenIdle?.()
  }

  /** Said at once, and then again after a while for all that came since. */
  function drop(): void {
    dropped += 1
    if (report) return
    sayDropped()
    report = setTimeout(() => {
      report = undefined
      if (dropped > 0) sayDropped()
    }, logEveryMs).unref()
  }

  function sayDropped(): void {
    log.error({ dropped, waiting: count }, 'hooks are too slow: events were dropped')
    dropped = 0
  }
}
