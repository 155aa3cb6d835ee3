import type { Logger } from 'pino'
import type { Metrics } from '#server/metrics/metrics.ts'
import { type Durability, openHandle, type Store } from '#server/store/store.ts'
import type { Broker, BrokerListener, HistoryPolicy, HistoryQuery, Publication, Published } from './broker.ts'
import { BrokerError } from './broker-error.ts'
import { createCheckpointer } from './checkpointer.ts'
import { createHistoryTables, type StreamHead } from './history-tables.ts'
import { createHistoryTrimmer } from './history-trimmer.ts'
import { createHistoryWriter, type StreamGrowth } from './history-writer.ts'
import { createIdempotencyWindow } from './idempotency-window.ts'
import { createMemoryPresence } from './memory-presence.ts'
import { noticeUncleanEnd } from './unclean-end.ts'

export interface MemoryBrokerOptions {
  readonly store: Pick<Store, 'path'>
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** Publications that may wait to be written, and their size together. Default 10,000 and 64 MiB. */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
  /** How long the database may be locked before publishers are told, in milliseconds. Default 5,000. */
  readonly patienceMs?: number
  /** What a publication survives that was answered. `full` costs one fsync for each group. Default `normal`. */
  readonly durability?: Durability
  /** Which boot of the machine this is. Default what the system says; null where it says nothing. */
  readonly bootId?: string | null
  /** Told of each group that has been written. */
  readonly metrics?: Pick<Metrics, 'committed'>
}

/**
 * The broker of a single node. Presence and channels without history are in memory; channels with history are written
 * to the store's file through a handle of its own, so that no transaction of somebody else is ever open on it.
 */
export function createMemoryBroker(options: MemoryBrokerOptions): Broker {
  const { store, log, clock = Date.now, durability = 'normal', bootId, metrics, ...limits } = options
  const database = openHandle(store.path, durability)
  const markCleanEnd = noticeUncleanEnd({ database, durability, bootId, log })
  // A lock held elsewhere is waited for between turns of the event loop, never inside SQLite.
  database.exec('pragma busy_timeout = 0')
  const tables = createHistoryTables(database)
  const trimmer = createHistoryTrimmer({ database, clock, log })
  const writer = createHistoryWriter({
    tables,
    clock,
    onCommitted: tell,
    onGroup,
    onWritten: metrics?.committed,
    ...limits,
  })
  const checkpointer = createCheckpointer(database, store.path, log)
  const presence = createMemoryPresence()
  const recentKeys = createIdempotencyWindow({ clock })
  const listeners = new Set<BrokerListener>()
  /** Streams whose use is being noted. */
  const touching = new Set<string>()
  let closed = false

  return {
    publish(channel, policy, publication) {
      if (isKept(policy)) return writer.publish(channel, policy, publication)
      if (closed) return Promise.reject(new BrokerError('closed', 'The server is shutting down. Try again later.'))
      const { idempotencyKey, data, tags = null, info = null } = publication
      const duplicate = idempotencyKey !== undefined && !recentKeys.claim(channel, idempotencyKey)
      if (!duplicate) tell(channel, { offset: 0, data, tags, info, time: clock() }, '')
      return Promise.resolve({ offset: 0, epoch: '', duplicate } satisfies Published)
    },
    async history(channel, policy, query) {
      if (!isKept(policy)) return { publications: [], offset: 0, epoch: '' }
      const head = tables.head(channel)
      // A stream begins when it is first published to; until then it has an epoch and nothing else.
      if (!head) return { publications: [], offset: 0, epoch: tables.firstEpochOf(channel, clock()) }
      if (isStale(head)) keepInUse(channel)
      return { publications: read(head, policy, query), offset: head.top, epoch: head.epoch }
    },
    removeHistory: (channel) => writer.clear(channel),
    async subscribe() {},
    unsubscribe() {},
    async announce(channel, kind, info) {
      each(channel, (listener) => listener.announcement(channel, kind, info))
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async addPresence(channel, info) {
      presence.add(channel, info)
    },
    async removePresence(channel, clientId) {
      presence.remove(channel, clientId)
    },
    presence: async (channel) => presence.list(channel),
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await writer.close()
      trimmer[Symbol.dispose]()
      await checkpointer[Symbol.asyncDispose]()
      try {
        markCleanEnd()
      } catch (error) {
        log.warn({ err: error }, 'the next start takes this end for one of the machine')
      }
      database.close()
    },
  }

  function onGroup(growth: ReadonlyMap<number, StreamGrowth>, bytes: number): void {
    trimmer.grew(growth)
    checkpointer.wrote(bytes)
  }

  function tell(channel: string, publication: Publication, epoch: string): void {
    each(channel, (listener) => listener.publication(channel, publication, epoch))
  }

  function keepInUse(channel: string): void {
    if (touching.has(channel)) return
    touching.add(channel)
    writer
      .touch(channel)
      .catch((error: unknown) => log.warn({ err: error, channel }, 'the use of a stream was not noted'))
      .finally(() => touching.delete(channel))
  }

  function each(channel: string, call: (listener: BrokerListener) => void): void {
    for (const listener of listeners) {
      try {
        call(listener)
      } catch (error) {
        log.error({ err: error, channel }, 'a listener of the broker failed')
      }
    }
  }

  function read(head: StreamHead, policy: HistoryPolicy, query: HistoryQuery): Publication[] {
    const { since, limit, maxBytes = Number.POSITIVE_INFINITY, reverse = false } = query
    if (limit <= 0 || (since && since.epoch !== '' && since.epoch !== head.epoch)) return []
    const visible = {
      streamId: head.id,
      floor: Math.max(head.top - policy.size, head.floor),
      oldest: clock() - policy.ttlSeconds * 1000,
      limit,
      maxBytes,
    }
    return reverse ? tables.before(since?.offset ?? head.top + 1, visible) : tables.after(since?.offset ?? 0, visible)
  }

  /** Being read keeps a stream from being forgotten; once a day is often enough to write that down. */
  function isStale(head: StreamHead): boolean {
    return clock() - head.usedAt > 24 * 3600 * 1000
  }
}

function isKept(policy: HistoryPolicy): boolean {
  return policy.size > 0 && policy.ttlSeconds > 0
}
