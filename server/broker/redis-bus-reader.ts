import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { RedisConnection } from '#server/store/redis.ts'

/** Reads streams from where it stands, on and on; after an interruption from where it stood. */
export interface RedisBusReader extends AsyncDisposable {}

export interface RedisBusReaderOptions {
  /** Opened with use `reader`, and closed by whoever opened it. */
  readonly connection: RedisConnection
  /** Streams, each with the id after which it is read. */
  readonly from: ReadonlyMap<string, string>
  /** The one of them of which nothing may be missed unnoticed. */
  readonly watched: string
  /** In the order of each stream. */
  readonly onMessage: (text: string) => void
  /** Something of the watched stream may have been missed. */
  readonly onLost: () => void
  readonly log: Logger
}

/** How long one command waits in Redis; shorter than a silence that counts as an interruption. */
const blockMs = 1_000
const retryMs = 100
const entriesAtOnce = 200

export function createRedisBusReader(options: RedisBusReaderOptions): RedisBusReader {
  const { connection, watched, onMessage, onLost, log } = options
  const positions = new Map(options.from)
  let generation = connection.server()?.generation
  const stopped = new AbortController()
  let isInterrupted = false
  const reading = readOn()

  return {
    async [Symbol.asyncDispose]() {
      stopped.abort()
      connection.client.disconnect()
      await reading
    },
  }

  async function readOn(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        if (isInterrupted) await lookForGaps()
        isInterrupted = false
        await readOnce()
      } catch (error) {
        if (stopped.signal.aborted) return
        isInterrupted = true
        log.debug({ err: error }, 'the bus cannot be read now')
        await pause(retryMs, undefined, { signal: stopped.signal }).catch(() => {})
      }
    }
  }

  /**
   * The oldest go first, so as long as the last one read is there, so is all behind it; unless Redis has forgotten what it
   * had answered, and then it is another one.
   */
  async function lookForGaps(): Promise<void> {
    const position = positions.get(watched) ?? '0-0'
    const [last] = await connection.run((client) => client.xrange(watched, position, position))
    const now = connection.server()?.generation
    const isWhole = last !== undefined && now === generation
    generation = now
    if (isWhole) return
    for (const stream of positions.keys()) await stepBack(stream)
    onLost()
  }

  /** A stream that began anew may do so at an earlier time than what was read of the one before. */
  async function stepBack(stream: string): Promise<void> {
    const [newest] = await connection.run((client) => client.xrevrange(stream, '+', '-', 'COUNT', 1))
    const id = newest?.[0] ?? '0-0'
    if (isEarlier(id, positions.get(stream) ?? '0-0')) positions.set(stream, id)
  }

  async function readOnce(): Promise<void> {
    const names = [...positions.keys()]
    const answer = await connection.run((client) =>
      client.xread('COUNT', entriesAtOnce, 'BLOCK', blockMs, 'STREAMS', ...names, ...positions.values()),
    )
    for (const [name, entries] of streams.parse(answer ?? [])) {
      for (const [id, [, text]] of entries) {
        positions.set(name, id)
        onMessage(text)
      }
    }
  }
}

/** Ids are `<milliseconds>-<number>`. */
function isEarlier(a: string, b: string): boolean {
  const [[aMs = 0, aNumber = 0], [bMs = 0, bNumber = 0]] = [a.split('-').map(Number), b.split('-').map(Number)]
  return aMs < bMs || (aMs === bMs && aNumber < bNumber)
}

const streams = z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.tuple([z.string(), z.string()])]))]))
