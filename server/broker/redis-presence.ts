import type { Logger } from 'pino'
import type { RedisStore } from '#server/store/redis.ts'
import { redisScript } from '#server/store/redis-script.ts'
import type { ClientInfo } from './broker.ts'
import { channelKeys } from './redis-keys.ts'
import { clientInfo, jsonIn } from './redis-message.ts'

/**
 * Who is in which channel, on all nodes. An entry ends by itself a minute after the node that holds it has last said that
 * it is still there; so a node that died is not counted for long, and a Redis that forgot everything is told again.
 */
export interface RedisPresence extends Disposable {
  /** From the call on this node holds the entry, also when it rejects. Throws `RedisError`. */
  add(channel: string, info: ClientInfo): Promise<void>
  /** Throws `RedisError`; then the entry ends by itself. */
  remove(channel: string, clientId: string): Promise<void>
  /** Throws `RedisError`. */
  list(channel: string): Promise<readonly ClientInfo[]>
}

export interface RedisPresenceOptions {
  readonly redis: RedisStore
  readonly log: Logger
  /** How long an entry holds, and how often it is prolonged, in milliseconds. Default 60,000 and 20,000. */
  readonly lifetimeMs?: number
  readonly prolongMs?: number
}

/** So many entries in one command. */
const entriesACommand = 100

export function createRedisPresence(options: RedisPresenceOptions): RedisPresence {
  const { redis, log, lifetimeMs = 60_000, prolongMs = 20_000 } = options
  const { commands, prefix } = redis
  /** What this node holds: JSON text of the info by client, by channel. */
  const held = new Map<string, Map<string, string>>()
  let rounds = 0
  const prolonging = setInterval(prolong, prolongMs).unref()
  const stop = commands.onUp(() => void prolong())

  return {
    async add(channel, info) {
      const text = JSON.stringify(info)
      const clients = held.get(channel) ?? new Map<string, string>()
      held.set(channel, clients)
      clients.set(info.client, text)
      await write(channel, [[info.client, text]])
    },
    async remove(channel, clientId) {
      const clients = held.get(channel)
      clients?.delete(clientId)
      if (clients?.size === 0) held.delete(channel)
      const keys = channelKeys(prefix, channel)
      await commands.call(removeScript, [keys.clients, keys.ends, clientId])
    },
    async list(channel) {
      const keys = channelKeys(prefix, channel)
      const answer = await commands.call(listScript, [keys.clients, keys.ends])
      return (answer as (string | null)[]).flatMap((text) => {
        const info = clientInfo.safeParse(text === null ? undefined : jsonIn(text))
        return info.success ? [info.data] : []
      })
    },
    [Symbol.dispose]() {
      clearInterval(prolonging)
      stop()
      rounds += 1
    },
  }

  async function write(channel: string, entries: readonly (readonly [string, string])[]): Promise<void> {
    const keys = channelKeys(prefix, channel)
    await commands.call(addScript, [keys.clients, keys.ends, lifetimeMs, ...entries.flat()])
  }

  /** One command after the other, so that publishers are not kept waiting. A new round ends the one before. */
  async function prolong(): Promise<void> {
    rounds += 1
    const round = rounds
    try {
      for (const [channel, clients] of held) {
        const ids = [...clients.keys()]
        for (let start = 0; start < ids.length; start += entriesACommand) {
          if (round !== rounds) return
          // Read now: one that has left meanwhile is not to come back.
          const entries = ids.slice(start, start + entriesACommand).flatMap((id): [string, string][] => {
            const text = clients.get(id)
            return text === undefined ? [] : [[id, text]]
          })
          if (entries.length > 0) await write(channel, entries)
        }
      }
    } catch (error) {
      log.debug({ err: error }, 'presence is not prolonged now')
    }
  }
}

/** Adds or prolongs entries, and removes what has ended. */
const addScript = redisScript(
  2,
  `
local clients, ends = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index = 2, #ARGV, 2 do
  redis.call('HSET', clients, ARGV[index], ARGV[index + 1])
  redis.call('ZADD', ends, now + tonumber(ARGV[1]), ARGV[index])
end
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('HDEL', clients, ended)
  redis.call('ZREM', ends, ended)
end
redis.call('PEXPIRE', clients, ARGV[1])
redis.call('PEXPIRE', ends, ARGV[1])
`,
)

const removeScript = redisScript(
  2,
  `
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
`,
)

const listScript = redisScript(
  2,
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local present = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')
local infos = {}
for start = 1, #present, 1000 do
  for _, info in ipairs(redis.call('HMGET', KEYS[1], unpack(present, start, math.min(start + 999, #present)))) do
    table.insert(infos, info)
  end
end
return infos
`,
)
