import type { Log } from './log.ts'
import { pause } from './pause.ts'
import { failureOf, type Page, type Position, type Publication } from './stream.ts'

/** Most publications that are read from before the first subscription to a channel. */
const maxEarlier = 100

export interface EarlierOptions {
  readonly log: Log
  /** The newest of the channel's history, newest first. Rejects with `{ code, message }` as the SDK does. */
  newest(limit: number): Promise<Page>
  /** What was there before the first subscription, oldest first, never empty; told once at most. */
  found(publications: readonly Publication[]): void
  /** Milliseconds before a history that was not had is asked for again. */
  readonly retryAfter?: number
}

/** What was published on one channel before it was first subscribed to: asked for until it is had, and then never again. */
export interface Earlier {
  /** The subscription is live. The first position of all is where "earlier" ends; what comes after it is the stream's. */
  subscribed(at: Position | null): void
  /** The subscription is not live any more: stops asking until it is. */
  interrupted(): void
}

export function createEarlier({ log, newest, found, retryAfter = 1000 }: EarlierOptions): Earlier {
  let upTo: Position | null = null
  let settled = false
  let asking: AbortController | null = null

  async function ask(end: Position, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { epoch, publications } = await newest(maxEarlier)
        if (signal.aborted) return
        settled = true
        const earlier = publications.filter(({ offset = 0 }) => offset > 0 && offset <= end.offset)
        // Another history has begun meanwhile: its publications are the stream's.
        if (epoch === end.epoch && earlier.length > 0) found(earlier.toReversed())
        return
      } catch (error) {
        if (signal.aborted) return
        const failure = failureOf(error)
        if (failure.final) {
          settled = true // a channel need not have a history
          return
        }
        log.warn('earlier publications not had', { code: failure.code, message: failure.message })
        await pause(retryAfter, signal)
      }
    }
  }

  return {
    subscribed(at) {
      asking?.abort()
      upTo ??= at
      if (settled || upTo === null) return
      if (upTo.offset === 0) {
        settled = true
        return
      }
      asking = new AbortController()
      void ask(upTo, asking.signal)
    },
    interrupted() {
      asking?.abort()
    },
  }
}
