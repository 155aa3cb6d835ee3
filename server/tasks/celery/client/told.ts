import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { TaskNews } from '../../transport.ts'

/** Whoever is told of tasks. What cannot be written down now is told again until it is. */
export interface Told extends Disposable {
  listen(listener: (news: TaskNews) => Promise<void>): void
  /** Resolves when it has been taken; never when this is disposed of before. */
  tell(news: TaskNews): Promise<void>
}

export function createTold(log: Logger): Told {
  const listening = Promise.withResolvers<(news: TaskNews) => Promise<void>>()
  const stopped = new AbortController()
  return {
    listen: listening.resolve,
    async tell(news) {
      const listener = await listening.promise
      for (let attempt = 0; ; attempt += 1) {
        if (stopped.signal.aborted) return new Promise(() => {})
        try {
          return await listener(news)
        } catch (error) {
          if (attempt === 0) log.warn({ err: error, task: news.id, news: news.kind }, 'news of a task waits')
          await sleep(Math.min(longestMs, firstMs * 2 ** attempt), undefined, { signal: stopped.signal }).catch(
            () => {},
          )
        }
      }
    },
    [Symbol.dispose]: () => stopped.abort(),
  }
}

const firstMs = 50
const longestMs = 5_000
