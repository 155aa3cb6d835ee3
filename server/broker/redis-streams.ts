import type { RedisStore } from '#server/store/redis.ts'
import type { HistoryPage, HistoryPolicy, HistoryQuery, NewPublication, Publication, Published } from './broker.ts'
import { newEpoch } from './epoch.ts'
import { channelKeys, onceKey, topicOf } from './redis-keys.ts'
import { metaText, publicationText, readMeta } from './redis-message.ts'
import { historyScript, publishOnceScript, publishScript } from './redis-stream-scripts.ts'

/** Publishing, and what is kept of it. Each is one round trip. All throw `RedisError`. */
export interface RedisStreams {
  /** Gives an offset, keeps the publication and tells all nodes. */
  append(channel: string, policy: HistoryPolicy, publication: NewPublication): Promise<Published>
  /** Tells all nodes, and keeps nothing. */
  pass(channel: string, publication: NewPublication): Promise<Published>
  read(channel: string, policy: HistoryPolicy, query: HistoryQuery): Promise<HistoryPage>
  clear(channel: string): Promise<void>
}

export function createRedisStreams({ commands, prefix }: Pick<RedisStore, 'commands' | 'prefix'>): RedisStreams {
  return {
    async append(channel, policy, publication) {
      const { data, idempotencyKey = '', version = '', versionEpoch = '' } = publication
      const meta = metaText(publication)
      const answer = await commands.call(
        publishScript,
        [
          ...streamArguments(channel, policy),
          topicOf(prefix, channel),
          ...[meta.length, meta, data],
          ...[idempotencyKey, version, versionEpoch],
        ],
        data.length + meta.length,
      )
      const [offset, epoch, duplicate] = answer as [number, string, number]
      return { offset, epoch, duplicate: duplicate === 1 }
    },
    async pass(channel, publication) {
      const { data, idempotencyKey } = publication
      const topic = topicOf(prefix, channel)
      const text = publicationText(metaText(publication), data, Date.now())
      if (idempotencyKey === undefined) {
        await commands.run((client) => client.publish(topic, text), text.length)
        return { offset: 0, epoch: '', duplicate: false }
      }
      const key = onceKey(prefix, channel, idempotencyKey)
      const answer = await commands.call(publishOnceScript, [key, topic, text], text.length)
      return { offset: 0, epoch: '', duplicate: answer === 1 }
    },
    async read(channel, policy, { since, limit, maxBytes = Number.MAX_SAFE_INTEGER, reverse = false }) {
      const answer = await commands.call(historyScript, [
        ...streamArguments(channel, policy),
        ...[limit, maxBytes, reverse ? 1 : 0],
        ...[since?.epoch ?? '', since?.offset ?? ''],
      ])
      return readPage(answer)
    },
    async clear(channel) {
      const { stream, keys } = channelKeys(prefix, channel)
      await commands.run((client) => client.del(stream, keys))
    },
  }

  /** What both scripts begin with. */
  function streamArguments(channel: string, { size, ttlSeconds }: HistoryPolicy): (string | number)[] {
    const { meta, stream, keys } = channelKeys(prefix, channel)
    const ttlMs = ttlSeconds * 1000
    const generation = commands.server()?.generation ?? ''
    return [meta, stream, keys, generation, newEpoch(), Math.max(metaTtlMs, 2 * ttlMs), size, ttlMs]
  }
}

/** A stream that was neither read nor written for so long begins again, with another epoch. */
const metaTtlMs = 90 * 24 * 3600 * 1000

/** `[top, epoch, offset, time, meta, data, offset, …]` */
function readPage(answer: unknown): HistoryPage {
  const [offset, epoch, ...fields] = answer as [number, string, ...string[]]
  const publications: Publication[] = []
  for (let index = 0; index + 3 < fields.length; index += 4) {
    const [at, time, meta = '', data = ''] = fields.slice(index, index + 4)
    const { tags, info } = readMeta(meta) ?? { tags: null, info: null }
    publications.push({ offset: Number(at), time: Number(time), data, tags, info })
  }
  return { publications, offset, epoch }
}
