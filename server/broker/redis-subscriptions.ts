import type { Logger } from 'pino'
import type { RedisConnection } from '#server/store/redis.ts'
import { channelOf, topicOf } from './redis-keys.ts'

/** The topics this node is subscribed to, on its one connection for that. */
export interface RedisSubscriptions extends Disposable {
  /** @throws RedisError */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
}

export interface RedisSubscriptionsOptions {
  /** Opened with use `subscriber`, and closed by whoever opened it. */
  readonly connection: RedisConnection
  readonly prefix: string
  readonly onMessage: (channel: string, text: string) => void
  /** Everything is subscribed again after an interruption. */
  readonly onResumed: () => void
  readonly log: Logger
}

/** So many topics in one command when all are subscribed again. */
const topicsACommand = 500

/**
 * Commands of one connection are carried out in the order in which they were sent, so whatever was asked for last is what
 * holds. Plain publish/subscribe, not sharded: one connection is enough in every kind of installation, and a lost one is
 * noticed in one place. In a cluster each publication then reaches all of its nodes, which is right up to some tens of
 * thousands a second.
 */
export function createRedisSubscriptions(options: RedisSubscriptionsOptions): RedisSubscriptions {
  const { connection, prefix, onMessage, onResumed, log } = options
  const { client } = connection
  /** Each with what marks the request it is wanted by. */
  const wanted = new Map<string, symbol>()
  let isFirst = true

  client.on('message', hear)
  const stop = connection.onUp(() => {
    if (isFirst) isFirst = false
    else resubscribe().catch(startOver)
  })

  return {
    async subscribe(channel) {
      const request = Symbol(channel)
      wanted.set(channel, request)
      try {
        await connection.run(() => client.subscribe(topicOf(prefix, channel)))
      } catch (error) {
        if (wanted.get(channel) === request) wanted.delete(channel)
        throw error
      }
    },
    unsubscribe(channel) {
      wanted.delete(channel)
      // Without a connection there is nothing to take back.
      connection.run(() => client.unsubscribe(topicOf(prefix, channel))).catch(() => {})
    },
    [Symbol.dispose]() {
      stop()
      client.off('message', hear)
    },
  }

  function hear(topic: string, text: string): void {
    const channel = channelOf(prefix, topic)
    if (wanted.has(channel)) onMessage(channel, text)
  }

  function startOver(error: unknown): void {
    log.warn({ err: error }, 'not subscribed again')
    client.disconnect(true)
  }

  async function resubscribe(): Promise<void> {
    const channels = [...wanted.keys()]
    const batches: Promise<unknown>[] = []
    for (let start = 0; start < channels.length; start += topicsACommand) {
      const topics = channels.slice(start, start + topicsACommand).map((channel) => topicOf(prefix, channel))
      batches.push(connection.run(() => client.subscribe(...topics)))
    }
    await Promise.all(batches)
    onResumed()
  }
}
