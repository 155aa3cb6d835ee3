import type { Logger } from 'pino'
import type { RedisStore } from '#server/store/redis.ts'
import type { Broker, BrokerListener, HistoryPolicy } from './broker.ts'
import { BrokerError } from './broker-error.ts'
import { brokerErrorOf, publishErrorOf } from './redis-broker-error.ts'
import { topicOf } from './redis-keys.ts'
import { announcementText, readMessage } from './redis-message.ts'
import { createRedisPresence, type RedisPresenceOptions } from './redis-presence.ts'
import { createRedisStreams } from './redis-streams.ts'
import { createRedisSubscriptions } from './redis-subscriptions.ts'

export interface RedisBrokerOptions {
  /** Closed by whoever opened it. */
  readonly redis: RedisStore
  readonly log: Logger
  readonly presence?: Pick<RedisPresenceOptions, 'lifetimeMs' | 'prolongMs'>
}

/**
 * The broker of several nodes. One round trip to Redis gives a publication its offset, keeps it and tells all nodes that
 * are subscribed, this one among them. While Redis is away everything is refused at once, and nothing waits for it; what
 * it was asked before that fails within seconds.
 *
 * @throws StoreError when Redis cannot be reached at the start
 */
export async function openRedisBroker(options: RedisBrokerOptions): Promise<Broker> {
  const { redis, log, presence: presenceOptions = {} } = options
  const { commands, prefix } = redis
  const subscriber = await redis.connect('subscriber')
  const listeners = new Set<BrokerListener>()
  const streams = createRedisStreams(redis)
  const presence = createRedisPresence({ redis, log, ...presenceOptions })
  const subscriptions = createRedisSubscriptions({
    connection: subscriber,
    prefix,
    onMessage: hear,
    onResumed: resume,
    log,
  })
  let closed = false
  /** Ends the wait for commands to work again. */
  let resuming: (() => void) | undefined

  return {
    publish: (channel, policy, publication) =>
      attempt(
        () => (isKept(policy) ? streams.append(channel, policy, publication) : streams.pass(channel, publication)),
        publishErrorOf,
      ),
    async history(channel, policy, query) {
      if (!isKept(policy)) return { publications: [], offset: 0, epoch: '' }
      return attempt(() => streams.read(channel, policy, query))
    },
    removeHistory: (channel) => attempt(() => streams.clear(channel)),
    subscribe: (channel) => attempt(() => subscriptions.subscribe(channel)),
    unsubscribe: subscriptions.unsubscribe,
    announce(channel, kind, info) {
      const text = announcementText(kind, info)
      return attempt(async () => {
        await commands.run((client) => client.publish(topicOf(prefix, channel), text), text.length)
      })
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    addPresence: (channel, info) => attempt(() => presence.add(channel, info)),
    removePresence: (channel, clientId) => attempt(() => presence.remove(channel, clientId)),
    presence: (channel) => attempt(() => presence.list(channel)),
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      resuming?.()
      presence[Symbol.dispose]()
      subscriptions[Symbol.dispose]()
      subscriber[Symbol.dispose]()
    },
  }

  async function attempt<T>(work: () => Promise<T>, errorOf = brokerErrorOf): Promise<T> {
    if (closed) throw new BrokerError('closed', 'The server is shutting down. Try again when it is back.')
    try {
      return await work()
    } catch (error) {
      throw errorOf(error)
    }
  }

  /** Whoever hears of it reads streams at once, so not before that works again. */
  function resume(): void {
    resuming?.()
    resuming = undefined
    let isUp = false
    const stop = commands.onUp(() => {
      if (isUp) return
      isUp = true
      queueMicrotask(() => stop())
      each((listener) => listener.resumed())
    })
    if (!isUp) resuming = stop
  }

  function hear(channel: string, text: string): void {
    const message = readMessage(text)
    if (message === null) {
      log.warn({ channel }, 'something else than a publication came over Redis')
      return
    }
    each((listener) => {
      if (message.kind === 'publication') listener.publication(channel, message.publication, message.epoch)
      else listener.announcement(channel, message.kind, message.info)
    })
  }

  function each(call: (listener: BrokerListener) => void): void {
    for (const listener of listeners) {
      try {
        call(listener)
      } catch (error) {
        log.error({ err: error }, 'a listener of the broker failed')
      }
    }
  }
}

function isKept(policy: HistoryPolicy): boolean {
  return policy.size > 0 && policy.ttlSeconds > 0
}
