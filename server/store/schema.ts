/** The tables of Carillon's own. better-auth keeps its tables in the same file and reaches them by itself. */
export interface Schema {
  stars: StarsTable
  streams: StreamsTable
  publications: PublicationsTable
}

/** The channels a person follows. */
export interface StarsTable {
  user_id: string
  channel: string
  /** ISO 8601. */
  created_at: string
}

/** One row for each channel with history that was ever published to. Only the broker writes here, through statements of its own. */
export interface StreamsTable {
  id: number
  channel: string
  epoch: string
  /** The offset last given. */
  top: number
  /** Milliseconds since 1970, as all times of the broker. */
  used_at: number
  /** How many publications to keep, and for how many milliseconds. */
  keep: number
  keep_ms: number
  /** What is kept up to this offset has been removed. */
  floor: number
  /** The highest version seen, and within what it is compared. */
  version: number | null
  version_epoch: string | null
}

export interface PublicationsTable {
  stream_id: number
  offset: number
  time: number
  /** JSON text, as are `tags` and `info`. */
  data: string
  tags: string | null
  info: string | null
  idempotency_key: string | null
}
