import type { Logger } from 'pino'
import { within } from './deadline.ts'
import type { Hub, StreamPosition } from './hub.ts'

/**
 * Compares, now and then, where the fan-out of each positioned channel stands with the top of its stream. A channel that
 * is behind has lost publications on the way; its subscribers are told to come again.
 */
export interface PositionChecker extends Disposable {
  /** One round, for whoever cannot wait for the next. Never rejects. */
  check(): Promise<void>
}

export interface PositionCheckerOptions {
  readonly hub: Pick<Hub, 'channels' | 'position' | 'loseAll'>
  /** Where a channel's stream stands; null when it has none any more. */
  readonly topOf: (channel: string) => Promise<StreamPosition | null>
  readonly limits: { readonly positionCheckMs: number; readonly positionGraceMs: number; readonly answerMs: number }
  readonly log: Logger
}

export function createPositionChecker({ hub, topOf, limits, log }: PositionCheckerOptions): PositionChecker {
  let disposed = false
  let pending = next()

  return {
    check,
    [Symbol.dispose]() {
      disposed = true
      clearTimeout(pending)
    },
  }

  /** The next round begins so long after the end of the one before, however long that took. */
  function next(): NodeJS.Timeout {
    return setTimeout(async () => {
      await check()
      if (!disposed) pending = next()
    }, limits.positionCheckMs).unref()
  }

  async function check(): Promise<void> {
    const suspects = new Map<string, StreamPosition>()
    for (const { channel } of hub.channels()) {
      if (disposed) return
      if (hub.position(channel) === null) continue
      const top = await read(channel)
      if (top && isBehind(channel, top)) suspects.set(channel, top)
    }
    if (suspects.size === 0) return
    // What was published a moment ago may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, limits.positionGraceMs).unref())
    for (const [channel, top] of suspects) {
      if (disposed || !isBehind(channel, top)) continue
      log.warn({ channel, top, fanOut: hub.position(channel) }, 'publications were lost on the way')
      hub.loseAll(channel)
    }
  }

  /** Null when it cannot be told now: nobody loses a place because the broker is away. */
  async function read(channel: string): Promise<StreamPosition | null> {
    try {
      return await within(limits.answerMs, 'reading a position', () => topOf(channel))
    } catch (error) {
      log.warn({ err: error, channel }, 'position not checked')
      return null
    }
  }

  function isBehind(channel: string, top: StreamPosition): boolean {
    const position = hub.position(channel)
    return position !== null && (position.epoch !== top.epoch || position.offset < top.offset)
  }
}
