/** Bounds and times of the realtime server. All times in milliseconds, all sizes in bytes. */
export interface RealtimeLimits {
  /** From the upgrade to a successful connect. */
  readonly connectMs: number
  /** How long verifying a token or reading the store may take before the client is told to try again. */
  readonly answerMs: number
  /** Between pings; whole seconds, because the client is told in seconds. */
  readonly pingMs: number
  /** From a ping to its pong; shorter than `pingMs`. */
  readonly pongMs: number
  /** How long a token may have expired before its connection is closed. */
  readonly refreshGraceMs: number
  /** From a close frame to cutting the socket. */
  readonly closeGraceMs: number
  /** The same for a reader that is too slow: its close frame waits behind data it does not read. */
  readonly slowGraceMs: number
  /** Over how long the closes of a shutdown are spread, when there are many. */
  readonly shutdownSpreadMs: number
  /** An RPC handler has so long to answer. */
  readonly rpcMs: number
  /** From one comparison of positions with their streams to the next. */
  readonly positionCheckMs: number
  /** How long a publication may be on its way before it counts as lost. */
  readonly positionGraceMs: number
  readonly maxConnections: number
  readonly maxChannels: number
  /** What may wait to be written to one socket. */
  readonly outboxBytes: number
  /** Publications that one recovery may deliver; their size is bounded by half of the outbox. */
  readonly recoveryPublications: number
  /** Publications that one history call may answer; their size is bounded by half of the outbox. */
  readonly historyPublications: number
  /** Commands of one connection being worked on at a time; then its socket is not read until half are done. */
  readonly maxInFlight: number
  /** Commands of one connection that are taken at once, and how many more each second; beyond it error 111. */
  readonly commandBurst: number
  readonly commandsPerSecond: number
  /** Commands beyond that which are answered with 111; whoever goes on all the same is closed with 3013. */
  readonly commandDebt: number
  /** How often one client may be told at once, and each second, to subscribe again; beyond it the connection closes. */
  readonly lossBurst: number
  readonly lossesPerSecond: number
  /** Refusals that are the client's own fault, at once and each second; beyond it 3509, after which it stays away. */
  readonly errorBurst: number
  readonly errorsPerSecond: number
}

export const defaultLimits: RealtimeLimits = {
  connectMs: 10_000,
  answerMs: 5_000,
  pingMs: 25_000,
  pongMs: 8_000,
  refreshGraceMs: 25_000,
  closeGraceMs: 5_000,
  slowGraceMs: 1_000,
  shutdownSpreadMs: 2_000,
  rpcMs: 30_000,
  positionCheckMs: 40_000,
  positionGraceMs: 2_000,
  maxConnections: 50_000,
  maxChannels: 128,
  outboxBytes: 1024 * 1024,
  recoveryPublications: 1_000,
  historyPublications: 300,
  maxInFlight: 1_024,
  commandBurst: 2_000,
  commandsPerSecond: 200,
  commandDebt: 1_000,
  lossBurst: 256,
  lossesPerSecond: 2,
  errorBurst: 200,
  errorsPerSecond: 1,
}
