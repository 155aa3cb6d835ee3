import type { RedisConnection } from '#server/store/redis.ts'
import { redisScript } from '#server/store/redis-script.ts'
import { decodeError, messageOf } from '../exceptions.ts'
import { groupKey } from '../result-document.ts'

/** What is known of groups whose end is waited for, in Redis, where workers in Python keep it too. */
export interface Chords {
  /** @throws RedisError */
  setSize(group: string, size: number): Promise<void>
  /**
   * A part has ended. Answers null while others have not; with the last of them what all have come to.
   *
   * @throws RedisError
   */
  ended(part: ChordPart): Promise<ChordEnd | null>
  /** What was kept for it goes. */
  forget(group: string): Promise<void>
}

export interface ChordPart {
  readonly id: string
  readonly group: string
  readonly index: number | null
  readonly status: string
  /** JSON text. */
  readonly result: string
}

export type ChordEnd =
  | { readonly kind: 'done'; readonly results: readonly unknown[] }
  | { readonly kind: 'failed'; readonly sentence: string }

export function createChords(
  redis: RedisConnection,
  { prefix, keepSeconds }: { readonly prefix: string; readonly keepSeconds: number },
): Chords {
  const keysOf = (group: string) => (['.j', '.t', '.s'] as const).map((suffix) => groupKey(group, prefix, suffix))
  return {
    async setSize(group, size) {
      await redis.run((client) => client.setex(groupKey(group, prefix, '.s'), keepSeconds, String(size)))
    },
    async ended({ id, group, index, status, result }) {
      const member = `[1,${JSON.stringify(id)},${JSON.stringify(status)},${result}]`
      const score = index === null ? '+inf' : index
      const restored = groupKey(group, prefix)
      const args = [...keysOf(group), restored, score, member, keepSeconds]
      const answer = await redis.call(addPart, args, member.length)
      if (!Array.isArray(answer)) return null
      const [isNested, ...members] = answer as [number, ...string[]]
      if (isNested === 1) {
        return { kind: 'failed', sentence: 'It joins groups within groups, which only a Python worker can.' }
      }
      return endOf(members.map((text) => JSON.parse(text) as unknown))
    },
    async forget(group) {
      await redis.run((client) => client.del(...keysOf(group)))
    },
  }
}

function endOf(parts: readonly unknown[]): ChordEnd {
  const results: unknown[] = []
  for (const part of parts) {
    const [, id, status, result] = Array.isArray(part) ? (part as unknown[]) : []
    if (status === 'FAILURE' || status === 'REVOKED') {
      const error = decodeError(result)
      const what = error === null ? String(status) : `${error.type}(${JSON.stringify(messageOf(error))})`
      return { kind: 'failed', sentence: `Dependency ${String(id)} raised ${what}` }
    }
    results.push(result)
  }
  return { kind: 'done', results }
}

/** Keys: parts, extra count, size, saved group. Answers all parts in their order once they are complete. */
const addPart = redisScript(
  4,
  `redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
local count = redis.call('ZCOUNT', KEYS[1], '-inf', '+inf')
local extra = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
local size = tonumber(redis.call('GET', KEYS[3]) or '')
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
if not size or count ~= size + extra then return false end
local answer = redis.call('ZRANGE', KEYS[1], 0, -1)
table.insert(answer, 1, redis.call('EXISTS', KEYS[4]))
return answer`,
)
