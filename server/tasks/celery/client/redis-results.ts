import type { Logger } from 'pino'
import type { RedisConnection } from '#server/store/redis.ts'
import { decodeResult, resultKey, type TaskResult } from '../result-document.ts'

/** What workers write into Redis of the tasks that are followed. */
export interface RedisResults extends Disposable {
  watch(id: string): void
  unwatch(id: string): void
  /** What is there now of these. @throws RedisError */
  look(ids: readonly string[]): Promise<void>
}

export interface RedisResultsOptions {
  /** Opened with use `subscriber`, and closed by whoever opened it. */
  readonly subscriber: RedisConnection
  readonly commands: RedisConnection
  /** Python's `global_keyprefix`. */
  readonly prefix: string
  /** Those that have not ended. */
  readonly unfinished: () => Iterable<string>
  readonly onResult: (result: TaskResult) => void
  readonly log: Logger
}

/**
 * Whoever subscribes hears of what comes, and not of what was there before: so first it subscribes and then it looks, at
 * first and after each interruption.
 */
export function createRedisResults(options: RedisResultsOptions): RedisResults {
  const { subscriber, commands, prefix, unfinished, onResult, log } = options
  const { client } = subscriber
  let wanted = new Set<string>()
  let isFlushing = false
  const hear = (_: string, text: string) => take(text)

  client.on('message', hear)
  const stops = [subscriber, commands].map((connection) => connection.onUp(() => void watchAll([...unfinished()])))

  return {
    watch(id) {
      if (wanted.size === 0 && !isFlushing) setImmediate(flush)
      wanted.add(id)
    },
    unwatch(id) {
      wanted.delete(id)
      // Without a connection there is nothing to take back.
      subscriber.run(() => client.unsubscribe(resultKey(id, prefix))).catch(() => {})
    },
    look,
    [Symbol.dispose]() {
      for (const stop of stops) stop()
      client.off('message', hear)
    },
  }

  /** All that were wanted meanwhile in one command. */
  async function flush(): Promise<void> {
    isFlushing = true
    while (wanted.size > 0) {
      const ids = [...wanted]
      wanted = new Set()
      await watchAll(ids)
    }
    isFlushing = false
  }

  async function watchAll(ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += atOnce) {
      const batch = ids.slice(start, start + atOnce)
      try {
        await subscriber.run(() => client.subscribe(...batch.map((id) => resultKey(id, prefix))))
        await look(batch)
      } catch (error) {
        // All of it is done again when Redis is back.
        const isUp = subscriber.server() !== null && commands.server() !== null
        if (!isUp) return
        log.warn({ err: error }, 'results in Redis are looked for again')
        client.disconnect(true)
        return
      }
    }
  }

  async function look(ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += atOnce) {
      const keys = ids.slice(start, start + atOnce).map((id) => resultKey(id, prefix))
      // One by one: in a cluster they lie on several nodes.
      const found = await Promise.all(keys.map((key) => commands.run((redis) => redis.get(key))))
      for (const text of found) if (text !== null) take(text)
    }
  }

  function take(text: string): void {
    const result = decodeResult(Buffer.from(text))
    if (result === null) log.warn('a result in Redis cannot be read')
    else onResult(result)
  }
}

const atOnce = 500
