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
  /** In the order of each stream. */
  readonly onMessage: (text: string) => void
  readonly log: Logger
}

/** How long one command waits in Redis; shorter than a silence that counts as an interruption. */
const blockMs = 1_000
const retryMs = 100
const entriesAtOnce = 200

export function createRedisBusReader({ connection, from, onMessage, log }: RedisBusReaderOptions): RedisBusReader {
  const positions = new Map(from)
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

  /** What stood behind the last one read may be gone: there were too many meanwhile, or Redis has forgotten them. */
  async function lookForGaps(): Promise<void> {
    for (const [stream, position] of positions) {
      if (position === '0-0') continue
      const [oldest] = await connection.run((client) => client.xrange(stream, '-', position, 'COUNT', 1))
      if (!oldest)
        log.warn({ stream }, 'messages of other nodes may have been lost: who was revoked may still be connected')
    }
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

const streams = z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.tuple([z.string(), z.string()])]))]))
