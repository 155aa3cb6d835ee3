import { defaultLimits as configured, type Limits } from '#server/config/limits.ts'

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
  /** The same for devices. */
  readonly devicePingMs: number
  readonly devicePongMs: number
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
  /** A hook that decides has so long to answer. */
  readonly hookMs: number
  /** How long a user without connections is not yet offline. */
  readonly offlineMs: number
  /** From one comparison of positions with their streams to the next. */
  readonly positionCheckMs: number
  /** How long a publication may be on its way before it counts as lost. */
  readonly positionGraceMs: number
  /** Clients that have been let in. */
  readonly maxConnections: number
  /** Sockets that have not said who they are; the oldest makes way for a new one. */
  readonly maxWaiting: number
  /** Of one address: those waiting, and all. Of one user: clients that have been let in. */
  readonly maxWaitingPerAddress: number
  readonly maxPerAddress: number
  readonly maxPerUser: number
  /** Upgrades taken in a second, and at once. */
  readonly acceptsPerSecond: number
  readonly maxChannels: number
  /** What may wait to be written to one socket. */
  readonly outboxBytes: number
  /** How long nothing of it may be taken by the other side. */
  readonly writeMs: number
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

/** What the configuration says, and what it leaves to us. */
export function limitsOf(limits: Limits): RealtimeLimits {
  return {
    connectMs: limits.connect_timeout * 1000,
    answerMs: 5_000,
    pingMs: limits.ping_interval * 1000,
    pongMs: limits.pong_timeout * 1000,
    devicePingMs: limits.device_ping_interval * 1000,
    devicePongMs: limits.device_pong_timeout * 1000,
    refreshGraceMs: 25_000,
    closeGraceMs: 5_000,
    slowGraceMs: 1_000,
    shutdownSpreadMs: limits.shutdown_spread * 1000,
    rpcMs: limits.rpc_timeout * 1000,
    hookMs: 3_000,
    offlineMs: 5_000,
    positionCheckMs: 40_000,
    positionGraceMs: 2_000,
    maxConnections: limits.connections,
    maxWaiting: limits.waiting_connections,
    maxWaitingPerAddress: orNone(limits.waiting_connections_per_address),
    maxPerAddress: orNone(limits.connections_per_address),
    maxPerUser: orNone(limits.connections_per_user),
    acceptsPerSecond: orNone(limits.new_connections_per_second),
    maxChannels: limits.channels_per_client,
    outboxBytes: limits.queue_bytes,
    writeMs: limits.write_timeout * 1000,
    recoveryPublications: limits.recovery_publications,
    historyPublications: limits.history_publications,
    maxInFlight: limits.commands_in_flight,
    commandBurst: limits.command_burst,
    commandsPerSecond: limits.commands_per_second,
    commandDebt: limits.commands_refused,
    lossBurst: 256,
    lossesPerSecond: 2,
    errorBurst: limits.error_burst,
    errorsPerSecond: limits.errors_per_second,
  }
}

export const defaultLimits: RealtimeLimits = limitsOf(configured)

function orNone(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit
}
