/** What is behind a connection to Redis. */
export interface RedisServer {
  readonly version: string
  /**
   * Stays the same as long as nothing that was written can have been forgotten. A Redis without an append-only file
   * goes back to its last snapshot when it restarts, one that writes it every second to what it had written, and a
   * replica that took over may not have had the last writes: then it is another one, and no position of before is
   * trusted.
   */
  readonly generation: string
  /** Whether a restart of Redis loses nothing that it has answered. */
  readonly keepsAll: boolean
  /** Whether keys are removed when memory is short. */
  readonly evicts: boolean
}

/** Reads the answer to `INFO`; `fsync` is the setting `appendfsync`, null when it is not known. The masters of a cluster are many; there, generations are not told apart. */
export function parseRedisInfo(
  text: string,
  kind: 'single' | 'sentinel' | 'cluster',
  fsync: string | null,
): RedisServer {
  const info = new Map(
    text.split(/\r?\n/).map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
  const keepsAll = info.get('aof_enabled') === '1' && fsync === 'always'
  const isPromoted = !/^0*$/.test(info.get('master_replid2') ?? '')
  return {
    version: info.get('redis_version') ?? '0',
    generation: kind === 'cluster' ? 'cluster' : keepsAll && !isPromoted ? 'append-only' : (info.get('run_id') ?? ''),
    keepsAll,
    evicts: Number(info.get('maxmemory') ?? 0) > 0 && (info.get('maxmemory_policy') ?? 'noeviction') !== 'noeviction',
  }
}
