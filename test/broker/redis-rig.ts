import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { Broker } from '#server/broker/broker.ts'
import { openRedisBroker, type RedisBrokerOptions } from '#server/broker/redis-broker.ts'
import { redisUrl } from '#server/config/redis-target.ts'
import { openRedis, type RedisStore } from '#server/store/redis.ts'
import { deaf, type Told } from './broker-behaviour.ts'

/** What one node of an installation has: its connections, its broker, and what that has told. */
export interface RedisNode {
  readonly redis: RedisStore
  readonly broker: Broker
  readonly told: readonly Told[]
  /** How often the broker has said that the way here was interrupted. */
  resumptions(): number
  readonly logged: readonly string[]
}

export async function openRedisNode(
  url: string,
  { channels = [], prefix = 'carillon', ...options }: NodeOptions = {},
): Promise<RedisNode> {
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const redis = await openRedis({ target: redisUrl.parse(url), prefix, log })
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const broker = await openRedisBroker({ redis, log, ...options })
  onTestFinished(() => broker[Symbol.asyncDispose]())
  const told: Told[] = []
  let resumptions = 0
  broker.listen({
    ...deaf,
    publication: (channel, publication, epoch) => void told.push({ channel, publication, epoch }),
    resumed() {
      resumptions += 1
    },
  })
  for (const channel of channels) await broker.subscribe(channel)
  return { redis, broker, told, logged, resumptions: () => resumptions }
}

interface NodeOptions extends Pick<RedisBrokerOptions, 'presence'> {
  readonly channels?: readonly string[]
  readonly prefix?: string
}
