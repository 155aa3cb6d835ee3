import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ClientInfo, NewPublication, Publication } from './broker.ts'
import { newEpoch } from './epoch.ts'

/** Where a stream stands. */
export interface StreamHead {
  readonly id: number
  readonly epoch: string
  readonly top: number
  readonly usedAt: number
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
  head(channel: string): StreamHead | undefined
  /** Runs `work` as one transaction; a failure leaves everything as it was and is thrown. */
  transaction<T>(work: () => T): T
  create(channel: string, keep: number, keepMs: number, now: number): StreamHead
  append(streamId: number, offset: number, time: number, publication: NewPublication): void
  advance(streamId: number, top: number, keep: number, keepMs: number, now: number): void
  touch(streamId: number, now: number): void
  /** Removes the publications of a channel. */
  clear(channel: string): void
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
    head: database.prepare('select id, epoch, top, used_at as usedAt from streams where channel = ?'),
    create: database.prepare(
      'insert into streams (channel, epoch, top, used_at, keep, keep_ms) values (?, ?, 0, ?, ?, ?) returning id',
    ),
    append: database.prepare(
      'insert into publications (stream_id, "offset", time, data, tags, info, idempotency_key) values (?, ?, ?, ?, ?, ?, ?)',
    ),
    advance: database.prepare('update streams set top = ?, used_at = ?, keep = ?, keep_ms = ? where id = ?'),
    touch: database.prepare('update streams set used_at = ? where id = ?'),
    clear: database.prepare('delete from publications where stream_id = (select id from streams where channel = ?)'),
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

  return {
    head: (channel) => sql.head.get(channel) as StreamHead | undefined,
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
      const epoch = newEpoch()
      const { id } = sql.create.get(channel, epoch, now, keep, keepMs) as { id: number }
      return { id, epoch, top: 0, usedAt: now }
    },
    append(streamId, offset, time, { data, tags, info, idempotencyKey }) {
      const tagsText = tags === undefined ? null : JSON.stringify(tags)
      const infoText = info === undefined ? null : JSON.stringify(info)
      sql.append.run(streamId, offset, time, data, tagsText, infoText, idempotencyKey ?? null)
    },
    advance: (streamId, top, keep, keepMs, now) => void sql.advance.run(top, now, keep, keepMs, streamId),
    touch: (streamId, now) => void sql.touch.run(now, streamId),
    clear: (channel) => void sql.clear.run(channel),
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
