/**
 * Offsets, history and presence of channels, and the way from whoever publishes to every node with subscribers. One
 * implementation keeps them in memory and writes channels that have history to SQLite in group commits; another keeps
 * them in Redis. `data` and `info` are JSON text throughout: a payload is serialised once, by whoever published it.
 *
 * Every method that returns a promise may reject with a `BrokerError`; then nothing has been done, or it cannot be known.
 */
export interface Broker extends AsyncDisposable {
  /**
   * Gives the publication its offset. Resolves when it is as durable as the channel's policy promises; on a single node
   * listeners are told of it in offset order before that promise resolves. Rejects with a `BrokerError`, and then nobody
   * on this node has been told.
   */
  publish(channel: string, policy: HistoryPolicy, publication: NewPublication): Promise<Published>
  /**
   * Reads a channel's stream and where its top is. The epoch of a channel that nobody has published to yet is the one its
   * stream will begin with, also after a restart. With another epoch in `since` than the stream's there are no
   * publications: the caller compares epochs.
   */
  history(channel: string, policy: HistoryPolicy, query: HistoryQuery): Promise<HistoryPage>
  /** Forgets what is kept of a channel; its epoch and offsets go on. */
  removeHistory(channel: string): Promise<void>

  /**
   * From when this resolves, listeners of this node are told what happens in the channel. Called for the first local
   * subscriber; `unsubscribe` when the last has gone.
   */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
  /** Tells the subscribers of all nodes that somebody has come or gone. Best effort, and not kept. */
  announce(channel: string, kind: 'join' | 'leave', info: ClientInfo): Promise<void>
  /** Returns the removal of the listener. */
  listen(listener: BrokerListener): () => void

  /** Until it is removed, or this node has been gone for a minute. */
  addPresence(channel: string, info: ClientInfo): Promise<void>
  removePresence(channel: string, clientId: string): Promise<void>
  presence(channel: string): Promise<readonly ClientInfo[]>
}

/** What a node is told of the channels it subscribed to. */
export interface BrokerListener {
  /** In offset order within a channel. */
  publication(channel: string, publication: Publication, epoch: string): void
  announcement(channel: string, kind: 'join' | 'leave', info: ClientInfo): void
  /** The way here was interrupted and works again: what was published meanwhile has not come and never will. */
  resumed(): void
}
/** How much of a channel is kept. `size` or `ttlSeconds` 0 means no history: nothing durable, no offsets. */
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
  /**
   * A second publication with the same key in the same channel answers the first one's position and reaches nobody:
   * while the first is kept, or for five minutes in channels without history.
   */
  readonly idempotencyKey?: string
  /**
   * For channels that carry a state: one that is not higher than the highest seen in this channel is a duplicate and
   * reaches nobody. Compared within one `versionEpoch` only; another epoch starts anew. Needs history.
   */
  readonly version?: number
  readonly versionEpoch?: string
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
  /** Publications strictly after it; strictly before it with `reverse`. An empty epoch matches any. */
  readonly since?: { readonly offset: number; readonly epoch: string }
  /** How many publications at most. 0: only the position. */
  readonly limit: number
  /** Stops after the publication with which their data exceeds this, so that a page of large ones stays bounded. */
  readonly maxBytes?: number
  /** Newest first. */
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
