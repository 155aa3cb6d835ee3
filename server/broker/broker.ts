/**
 * Offsets, history and presence of channels. One implementation keeps them in memory and writes channels that have
 * history to SQLite in group commits; another will keep them in Redis. `data` and `info` are JSON text throughout:
 * a payload is serialised once, by whoever published it.
 */
export interface Broker extends AsyncDisposable {
  /**
   * Gives the publication its offset. Resolves when it is as durable as the channel's policy promises; listeners are
   * told of it in offset order before that promise resolves. Throws `BrokerFull` when too much waits to be written.
   */
  publish(channel: string, policy: HistoryPolicy, publication: NewPublication): Promise<Published>
  /** Reads a channel's stream. See `client-protocol` section 11 for the meaning of `since` and `limit`. */
  history(channel: string, policy: HistoryPolicy, query: HistoryQuery): Promise<HistoryPage>
  /** Called for every publication, in offset order within a channel. Returns the removal of the listener. */
  onPublication(listener: (channel: string, publication: Publication, epoch: string) => void): () => void

  addPresence(channel: string, info: ClientInfo): Promise<void>
  removePresence(channel: string, clientId: string): Promise<void>
  presence(channel: string): Promise<readonly ClientInfo[]>
}

/** How much of a channel is kept. `size` 0 means no history: nothing durable, no offsets. */
export interface HistoryPolicy {
  readonly size: number
  readonly ttlSeconds: number
}

export interface NewPublication {
  /** JSON text. */
  readonly data: string
  readonly tags?: Readonly<Record<string, string>>
  /** Set for publications of clients only. */
  readonly info?: ClientInfo
  /** A second publication with the same key in the same channel answers the first one's position and reaches nobody. */
  readonly idempotencyKey?: string
}

export interface Publication {
  /** 0 in channels without history. */
  readonly offset: number
  readonly data: string
  readonly tags: Readonly<Record<string, string>> | null
  readonly info: ClientInfo | null
  /** Milliseconds since 1970. */
  readonly time: number
}

export interface Published {
  readonly offset: number
  readonly epoch: string
  readonly duplicate: boolean
}

export interface HistoryQuery {
  readonly since?: { readonly offset: number; readonly epoch: string }
  /** 0: only the position; below 0: everything kept, as far as the caller's own cap. */
  readonly limit: number
  readonly reverse?: boolean
}

export interface HistoryPage {
  readonly publications: readonly Publication[]
  /** Top of the stream. */
  readonly offset: number
  readonly epoch: string
}

export interface ClientInfo {
  readonly user: string
  readonly client: string
  /** JSON text. */
  readonly connInfo?: string
  readonly chanInfo?: string
}
