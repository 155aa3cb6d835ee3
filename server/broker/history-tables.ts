import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ClientInfo, NewPublication, Publication } from './broker.ts'
import { firstEpoch } from './first-epoch.ts'

/** Where a stream stands. */
export interface StreamHead {
  readonly id: number
  readonly epoch: string
  readonly top: number
  readonly usedAt: number
  /** Everything up to this offset has been removed. */
  readonly floor: number
  /** The highest version seen, and its epoch; null before the first. */
  readonly version: number | null
  readonly versionEpoch: string | null
}

/** What may be seen of a stream: entries after `floor` that are younger than `oldest`. */
export interface Visible {
  readonly streamId: number
  readonly floor: number
  /** Milliseconds since 1970. */
  readonly oldest: number
  readonly limit: number
  readonly maxBytes: number
}

export interface HistoryTables {
  /** Undefined until the channel is first published to. */
  head(channel: string): StreamHead | undefined
  /** The epoch that the stream of this channel will have should it begin now. */
  firstEpochOf(channel: string, now: number): string
  /** Runs `work` as one transaction; a failure leaves everything as it was and is thrown. */
  transaction<T>(work: () => T): T
  create(channel: string, keep: number, keepMs: number, now: number): StreamHead
  append(streamId: number, offset: number, time: number, publication: NewPublication): void
  advance(streamId: number, top: number, keep: number, keepMs: number, now: number): void
  touch(streamId: number, now: number): void
  /** From now on nothing up to this offset is to be seen; the trimmer gives its space back. */
  raiseFloor(streamId: number, floor: number): void
  /** Remembers the highest version. */
  setVersion(streamId: number, version: number, versionEpoch: string): void
  /** The offset of the publication with this key, if it is still kept. */
  offsetOfKey(streamId: number, key: string): number | undefined
  after(offset: number, visible: Visible): Publication[]
  before(offset: number, visible: Visible): Publication[]
}

/** The statements on `streams` and `publications`, prepared once on the broker's own handle. */
export function createHistoryTables(database: DatabaseSync): HistoryTables {
  const sql = {
    begin: database.prepare('begin immediate'),
    commit: database.prepare('commit'),
    head: database.prepare(
      'select id, epoch, top, used_at as usedAt, floor, version, version_epoch as versionEpoch from streams where channel = ?',
    ),
    seed: database.prepare('select seed from stream_seed'),
    create: database.prepare(
      'insert into streams (channel, epoch, top, used_at, keep, keep_ms) values (?, ?, 0, ?, ?, ?) returning id',
    ),
    append: database.prepare(
      'insert into publications (stream_id, "offset", time, data, tags, info, idempotency_key) values (?, ?, ?, ?, ?, ?, ?)',
    ),
    advance: database.prepare('update streams set top = ?, used_at = ?, keep = ?, keep_ms = ? where id = ?'),
    touch: database.prepare('update streams set used_at = ? where id = ?'),
    raiseFloor: database.prepare('update streams set floor = ? where id = ?'),
    setVersion: database.prepare('update streams set version = ?, version_epoch = ? where id = ?'),
    offsetOfKey: database.prepare(
      'select "offset" from publications where stream_id = ? and idempotency_key = ? and idempotency_key is not null',
    ),
    after: database.prepare(
      'select "offset", time, data, tags, info from publications where stream_id = ? and "offset" > ? and time > ? order by "offset" limit ?',
    ),
    before: database.prepare(
      'select "offset", time, data, tags, info from publications where stream_id = ? and "offset" < ? and "offset" > ? and time > ? order by "offset" desc limit ?',
    ),
  } satisfies Record<string, StatementSync>
  const { seed } = sql.seed.get() as { seed: string }

  return {
    head: (channel) => sql.head.get(channel) as StreamHead | undefined,
    firstEpochOf: (channel, now) => firstEpoch(seed, channel, now),
    transaction(work) {
      sql.begin.run()
      try {
        const result = work()
        sql.commit.run()
        return result
      } catch (error) {
        // Some failures, a full disk among them, have rolled back already.
        if (database.isTransaction) database.exec('rollback')
        throw error
      }
    },
    create(channel, keep, keepMs, now) {
      const epoch = firstEpoch(seed, channel, now)
      const { id } = sql.create.get(channel, epoch, now, keep, keepMs) as { id: number }
      return { id, epoch, top: 0, usedAt: now, floor: 0, version: null, versionEpoch: null }
    },
    append(streamId, offset, time, { data, tags, info, idempotencyKey }) {
      const tagsText = tags === undefined ? null : JSON.stringify(tags)
      const infoText = info === undefined ? null : JSON.stringify(info)
      sql.append.run(streamId, offset, time, data, tagsText, infoText, idempotencyKey ?? null)
    },
    advance: (streamId, top, keep, keepMs, now) => void sql.advance.run(top, now, keep, keepMs, streamId),
    touch: (streamId, now) => void sql.touch.run(now, streamId),
    raiseFloor: (streamId, floor) => void sql.raiseFloor.run(floor, streamId),
    setVersion: (streamId, version, versionEpoch) => void sql.setVersion.run(version, versionEpoch, streamId),
    offsetOfKey: (streamId, key) => (sql.offsetOfKey.get(streamId, key) as { offset: number } | undefined)?.offset,
    after: (offset, { streamId, floor, oldest, limit, maxBytes }) =>
      readPage(sql.after.iterate(streamId, Math.max(offset, floor), oldest, limit), maxBytes),
    before: (offset, { streamId, floor, oldest, limit, maxBytes }) =>
      readPage(sql.before.iterate(streamId, offset, floor, oldest, limit), maxBytes),
  }
}

interface PublicationRow {
  readonly offset: number
  readonly time: number
  readonly data: string
  readonly tags: string | null
  readonly info: string | null
}

function readPage(rows: Iterable<unknown>, maxBytes: number): Publication[] {
  const page: Publication[] = []
  let bytes = 0
  for (const row of rows as Iterable<PublicationRow>) {
    page.push({
      offset: row.offset,
      time: row.time,
      data: row.data,
      tags: row.tags === null ? null : (JSON.parse(row.tags) as Record<string, string>),
      info: row.info === null ? null : (JSON.parse(row.info) as ClientInfo),
    })
    bytes += row.data.length
    if (bytes > maxBytes) break
  }
  return page
}
