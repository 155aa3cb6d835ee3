import { type Count, type Ephemeral, EphemeralError } from './ephemeral.ts'
import type { RedisStore } from './redis.ts'
import { redisErrorOf } from './redis-error.ts'
import { redisScript } from './redis-script.ts'

/** The short-lived values of several nodes. */
export function createRedisEphemeral({ commands, prefix }: Pick<RedisStore, 'commands' | 'prefix'>): Ephemeral {
  // In one slot of a cluster, so that both go at once.
  const valueKey = (key: string) => `${prefix}:{${key}}:value`
  const countKey = (key: string) => `${prefix}:{${key}}:count`

  return {
    isShared: true,
    async put(key, value, lifetimeMs) {
      await attempt(() =>
        commands.run((client) => client.set(valueKey(key), value, 'PX', Math.ceil(lifetimeMs)), value.length),
      )
    },
    read: (key) => attempt(() => commands.run((client) => client.get(valueKey(key)))),
    take: (key) => attempt(() => commands.run((client) => client.getdel(valueKey(key)))),
    async count(key, windowMs): Promise<Count> {
      const answer = await attempt(() => commands.call(countScript, [countKey(key), Math.ceil(windowMs)]))
      const [count, left] = answer as [number, number]
      return { count, endsInMs: Math.max(1, left) }
    },
    async forget(key) {
      await attempt(() => commands.run((client) => client.del(valueKey(key), countKey(key))))
    },
    // Its connection is whoever's opened it.
    async [Symbol.asyncDispose]() {},
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message, cause } = redisErrorOf(error)
    throw new EphemeralError(code === 'full' ? 'full' : 'unavailable', message, { cause: cause ?? error })
  }
}

/** The window begins with its first event. */
const countScript = redisScript(
  1,
  `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
`,
)
