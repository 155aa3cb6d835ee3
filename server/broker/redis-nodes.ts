import type { Logger } from 'pino'
import type { RedisStore } from '#server/store/redis.ts'
import { redisScript } from '#server/store/redis-script.ts'

/** Which nodes are alive: those that have said so within the last ten seconds. */
export interface RedisNodes extends AsyncDisposable {
  /** This node among them. While Redis is away: those of before. */
  alive(): Promise<readonly string[]>
}

export interface RedisNodesOptions {
  readonly redis: RedisStore
  /** This node. */
  readonly node: string
  /** Of the sorted set. */
  readonly key: string
  readonly log: Logger
}

const beatMs = 2_500
export const aliveMs = 10_000

/** Resolves when the others know of this node. Throws `RedisError`. */
export async function joinRedisNodes({ redis, node, key, log }: RedisNodesOptions): Promise<RedisNodes> {
  const { commands } = redis
  let known: readonly string[] = [node]
  await beat()
  const beats = setInterval(quietBeat, beatMs).unref()
  const stop = commands.onUp(quietBeat)

  return {
    async alive() {
      await quietBeat()
      return known
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beats)
      stop()
      await commands.run((client) => client.zrem(key, node)).catch(() => {}) // it is forgotten in any case
    },
  }

  async function beat(): Promise<void> {
    known = (await commands.call(beatScript, [key, node, aliveMs])) as string[]
  }

  async function quietBeat(): Promise<void> {
    await beat().catch((error) => log.debug({ err: error }, 'the other nodes were not told that this one is alive'))
  }
}

const beatScript = redisScript(
  1,
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
`,
)
