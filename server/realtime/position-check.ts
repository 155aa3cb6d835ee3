import type { Logger } from 'pino'
import { within } from './deadline.ts'
import type { Hub, StreamPosition } from './hub.ts'

/**
 * Compares, now and then, where the fan-out of each positioned channel stands with the top of its stream. Where the
 * fan-out is behind, publications were lost on the way; where it is ahead, the stream went back to what its keeper had on
 * disk; in another epoch it goes on when its keeper does not know what it lost. Each time subscribers are told to come again.
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

/** After an interruption all channels are checked, and nobody should wait for long. */
const readsAtOnce = 32
/** From a round that could not read everything to the next. */
const retryMs = 5_000

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
  function next(delayMs = limits.positionCheckMs): NodeJS.Timeout {
    const timer = setTimeout(async () => {
      await check()
      // Unless the check has already seen to an earlier one.
      if (!disposed && pending === timer) pending = next()
    }, delayMs).unref()
    return timer
  }

  async function check(): Promise<void> {
    const suspects = new Map<string, StreamPosition>()
    const unread: unknown[] = []
    const channels = hub.channels().values()
    await Promise.all(Array.from({ length: readsAtOnce }, () => compare(channels, suspects, unread)))
    // Nobody loses a place because the broker is away.
    if (unread.length > 0) {
      log.warn({ err: unread[0], channels: unread.length }, 'positions not checked')
      if (!disposed) {
        clearTimeout(pending)
        pending = next(Math.min(limits.positionCheckMs, retryMs))
      }
    }
    if (suspects.size === 0) return
    // What was published a moment ago may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, limits.positionGraceMs).unref())
    for (const [channel, top] of suspects) {
      if (disposed || !isBehind(channel, top)) continue
      const fanOut = hub.position(channel)
      if (fanOut?.epoch === top.epoch) log.warn({ channel, top, fanOut }, 'publications were lost on the way')
      // After a restart of its keeper, which may have lost nothing.
      else log.info({ channel, top, fanOut }, 'a stream goes on in another epoch')
      hub.loseAll(channel)
    }
  }

  async function compare(
    channels: Iterable<{ readonly channel: string }>,
    suspects: Map<string, StreamPosition>,
    unread: unknown[],
  ): Promise<void> {
    for (const { channel } of channels) {
      if (disposed) return
      const before = hub.position(channel)
      if (before === null) continue
      try {
        const top = await within(limits.answerMs, 'reading a position', () => topOf(channel))
        if (top === null) continue
        if (before.epoch === top.epoch && before.offset > top.offset) {
          log.warn({ channel, top, fanOut: before }, 'a stream went back')
          hub.loseAll(channel)
        } else if (isBehind(channel, top)) suspects.set(channel, top)
      } catch (error) {
        unread.push(error)
      }
    }
  }

  function isBehind(channel: string, top: StreamPosition): boolean {
    const position = hub.position(channel)
    return position !== null && (position.epoch !== top.epoch || position.offset < top.offset)
  }
}
