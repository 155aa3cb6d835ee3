import { AmqpError } from '#server/amqp/amqp-error.ts'
import type { Publisher } from '#server/amqp/publisher.ts'
import type { RedisConnection } from '#server/store/redis.ts'
import { RedisError } from '#server/store/redis-error.ts'
import { redisScript } from '#server/store/redis-script.ts'
import { encodeResult, resultKey } from '../result-document.ts'
import { isFinalStatus } from '../states.ts'
import type { TaskMessage } from '../task-message.ts'
import { gather } from './gather.ts'

/** Where whoever waits for a task looks for its state. */
export interface Results {
  readonly name: string
  /** @throws RedisError, AmqpError */
  store(of: ResultOf, state: StoredState): Promise<void>
}

export type ResultOf = Pick<TaskMessage, 'id' | 'replyTo' | 'group' | 'parentId'>

export interface StoredState {
  /** Celery's word: `SUCCESS`. */
  readonly status: string
  /** JSON text. */
  readonly result: string
  readonly traceback?: string | null
  readonly children?: readonly unknown[]
}

/**
 * As Python's Redis backend reads them: the key for who looks later, the channel of its name for who waits now. What is
 * stored at the same time goes there together, but for a cluster, where each key may be at another node.
 */
export function createRedisResults(
  redis: RedisConnection,
  { prefix, keepSeconds }: { readonly prefix: string; readonly keepSeconds: number },
): Results {
  const storeTogether = gather<Stored>({
    maxCount: redis.client.isCluster ? 1 : 100,
    maxBytes: 256 * 1024,
    bytesOf: ({ document }) => document.length,
    async send(batch) {
      const documents = batch.map(({ document }) => document)
      const bytes = documents.reduce((sum, { length }) => sum + length, 0)
      const args = [...batch.map(({ key }) => key), keepSeconds, ...documents]
      await redis.call({ ...storeUnlessDone, keys: batch.length }, args, bytes)
    },
    isOfOne: (error) => error instanceof RedisError && error.code === 'refused',
  })
  return {
    name: 'Redis',
    store: (of, state) => storeTogether({ key: resultKey(of.id, prefix), document: documentOf(of, state) }),
  }
}

interface Stored {
  readonly key: string
  readonly document: string
}

/**
 * To the queue that the message named; where it named none, nobody is told. The task is acknowledged once its end is
 * stored, so that one has to survive RabbitMQ: Python's, which does not, is lost in a restart.
 */
export function createReplyResults(publisher: Publisher): Results {
  return {
    name: 'RabbitMQ',
    async store(of, state) {
      if (of.replyTo === null) return
      try {
        await publisher.publish({
          ...{ exchange: '', routingKey: of.replyTo, content: Buffer.from(documentOf(of, state)) },
          persistent: isFinalStatus(state.status),
          ...{ contentType: 'application/json', contentEncoding: 'utf-8', correlationId: of.id, priority: 0 },
        })
      } catch (error) {
        // Whoever waited has left, and its queue with it.
        if (!(error instanceof AmqpError) || error.code !== 'unroutable') throw error
      }
    },
  }
}

function documentOf(of: ResultOf, { status, result, traceback = null, children = [] }: StoredState): string {
  return encodeResult({ id: of.id, status, result, traceback, children, group: of.group, parentId: of.parentId })
}

/** A task that runs a second time must not undo that it has succeeded. */
const storeUnlessDone = redisScript(
  1,
  `for at, key in ipairs(KEYS) do
  local stored = redis.call('GET', key)
  local isDone = false
  if stored then
    local ok, document = pcall(cjson.decode, stored)
    isDone = ok and type(document) == 'table' and document.status == 'SUCCESS'
  end
  if not isDone then
    redis.call('SETEX', key, ARGV[1], ARGV[at + 1])
    redis.call('PUBLISH', key, ARGV[at + 1])
  end
end
return #KEYS`,
)
