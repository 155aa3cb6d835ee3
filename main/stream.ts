import type { Log } from './log.ts'
import { pause } from './pause.ts'

/** A place in a channel's history. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** What arrives on a channel. A channel without history has no offsets. */
export interface Publication {
  readonly data: unknown
  readonly offset?: number
  readonly tags?: Readonly<Record<string, string>>
}

/** A part of a channel's history, oldest first. `offset` is the newest there is, kept or not. */
export interface Page {
  readonly publications: readonly Publication[]
  readonly epoch: string
  readonly offset: number
}

/** The position is not part of the channel's history any more. */
export const unrecoverablePosition = 112

export interface StreamOptions {
  readonly log: Log
  /** Each publication once, in order. */
  deliver(publication: Publication): void
  /** Publications that cannot be had any more; null when nobody can say how many. */
  missed(count: number | null): void
  /** Up to `pageSize` publications after this position. Rejects with `{ code, temporary? }` as the SDK does. */
  page(since: Position, signal: AbortSignal): Promise<Page>
  /** Milliseconds before a page that failed is asked for again. */
  readonly retryAfter?: number
}

/**
 * One channel, exactly once and in order, whatever the connection does. The SDK passes on what the server sends and
 * keeps a position of its own; this keeps the position of what was really delivered and fills every hole from history.
 */
export interface Stream {
  /** Where delivery stands; null before the first subscription and on channels without history. */
  readonly position: Position | null
  /**
   * The subscription is live. `at` is null on channels without history; when `recovered`, what was missed after it
   * follows, otherwise it is the newest there is.
   */
  subscribed(at: Position | null, recovered: boolean): void
  publication(publication: Publication): void
  /** The subscription is not live any more: stops asking for pages. */
  interrupted(): void
}

/** Most publications that wait while older ones are fetched; what does not fit is fetched afterwards. */
const maxWaiting = 1000

export function createStream(options: StreamOptions): Stream {
  const { deliver, missed, page, log, retryAfter = 1000 } = options
  let position: Position | null = null
  /** Present while older publications are being fetched. */
  let filling: AbortController | null = null
  let waiting: Numbered[] = []
  /** Highest offset known to exist. */
  let newest = 0

  function advance(publication: Numbered, at: Position): void {
    const hole = publication.offset - at.offset - 1
    if (hole > 0) missed(hole)
    position = { epoch: at.epoch, offset: publication.offset }
    deliver(publication)
  }

  /** Delivers what waits and follows without a hole. */
  function drain(): void {
    waiting = waiting.filter((publication) => {
      if (position === null || publication.offset > position.offset + 1) return true
      if (publication.offset === position.offset + 1) advance(publication, position)
      return false
    })
  }

  /** The history begins anew: all that it holds has not been seen. */
  function beginAgain(epoch: string): void {
    missed(null)
    waiting = []
    newest = 0
    position = { epoch, offset: 0 }
  }

  /** What should come next cannot be had: says so and goes on behind it. */
  function skip(at: Position): void {
    const next = waiting[0]
    if (next !== undefined) {
      advance(next, at)
      drain()
    } else if (newest > at.offset) {
      missed(newest - at.offset)
      position = { epoch: at.epoch, offset: newest }
    }
  }

  async function fill(signal: AbortSignal): Promise<void> {
    let asked = 0
    while (position !== null && !signal.aborted) {
      const since: Position = position
      const found = await page(since, signal)
      if (signal.aborted) return
      if (since.epoch !== '' && found.epoch !== since.epoch) {
        beginAgain(found.epoch)
        continue
      }
      let at: Position = { epoch: found.epoch, offset: since.offset }
      position = at
      for (const publication of found.publications) {
        if (!isNumbered(publication) || publication.offset <= at.offset) continue
        advance(publication, at)
        at = position
      }
      newest = Math.max(newest, found.offset)
      drain()
      asked = position.offset > since.offset ? 0 : asked + 1
      if (asked > 1) skip(position)
      if (isWhole()) return
      if (asked > 0) await pause(retryAfter, signal) // what we heard of may be about to be in the history
    }
  }

  function isWhole(): boolean {
    return position === null || (waiting.length === 0 && position.offset >= newest)
  }

  async function keepFilling(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await fill(signal)
        if (signal.aborted) return
        if (isWhole()) {
          filling = null
          return
        }
      } catch (error) {
        if (signal.aborted) return
        const failure = failureOf(error)
        log.warn('page not had', { code: failure.code, message: failure.message })
        if (failure.code === unrecoverablePosition) beginAgain('')
        else if (failure.final) return giveUp()
        else await pause(retryAfter, signal)
      }
    }
  }

  /** There is no history to ask: says what is lost and goes on with what arrives. */
  function giveUp(): void {
    while (position !== null && !isWhole()) skip(position)
    filling = null
  }

  function startFilling(): void {
    filling?.abort()
    filling = new AbortController()
    void keepFilling(filling.signal)
  }

  return {
    get position() {
      return position
    },
    subscribed(at, recovered) {
      filling?.abort()
      filling = null
      waiting = []
      if (at === null || position === null) {
        position = at
        newest = at?.offset ?? 0
        return
      }
      if (position.epoch !== '' && at.epoch !== position.epoch) {
        beginAgain(at.epoch)
      } else if (!recovered && at.offset < position.offset) {
        missed(null) // the server has lost what it had, and gives the same numbers again
        position = at
        newest = at.offset
      } else {
        position = { epoch: at.epoch, offset: position.offset }
      }
      newest = Math.max(newest, at.offset)
      if (newest > position.offset) startFilling()
    },
    publication(publication) {
      if (!isNumbered(publication)) return deliver(publication)
      if (position === null) position = { epoch: '', offset: publication.offset - 1 }
      if (filling === null && publication.offset === position.offset + 1) return advance(publication, position)
      if (publication.offset <= position.offset) {
        log.info('duplicate dropped', { offset: publication.offset })
        return
      }
      newest = Math.max(newest, publication.offset)
      if (waiting.length < maxWaiting) {
        waiting.push(publication)
        waiting.sort((a, b) => a.offset - b.offset)
      }
      if (filling === null) startFilling()
    },
    interrupted() {
      filling?.abort()
      filling = null
    },
  }
}

type Numbered = Publication & { readonly offset: number }
function isNumbered(publication: Publication): publication is Numbered {
  return publication.offset !== undefined && publication.offset > 0
}

/** Codes the server gives when asking again cannot help: not permitted, no such method, no history. */
const finalCodes: ReadonlySet<number> = new Set([102, 103, 104, 107, 108])

/** What the SDK rejects with, whether or not it is what it should be. `final` when asking again cannot help. */
export function failureOf(error: unknown): {
  readonly code: number
  readonly message: string
  readonly final: boolean
} {
  const known = typeof error === 'object' && error !== null ? (error as { code?: unknown; message?: unknown }) : {}
  const code = typeof known.code === 'number' ? known.code : 0
  return { code, message: String(known.message ?? error), final: finalCodes.has(code) }
}
