import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type AmqpMetrics, createAmqpMetrics } from './amqp-metrics.ts'

/** Everything that is measured in this process. Labels have few values: never a channel, a user or an address. */
export interface Metrics extends Disposable {
  /** Where the fan-out counts, once for each turn and list: plain numbers, read when somebody looks. */
  readonly counts: Counts
  /** A publication has been answered. `seconds` is from the request to the broker's answer. */
  published(publication: { readonly namespace: string; readonly source: PublicationSource }, seconds: number): void
  /** From a publication being accepted to the last write of its turn. */
  fannedOut(seconds: number): void
  /** One transaction of the history. */
  committed(publications: number, seconds: number): void
  recovered(isHit: boolean): void
  command(name: string): void
  /** An error in a reply. The application's own codes count as one. */
  replyError(code: number): void
  /** A connection that was taken has ended. */
  closed(by: 'server' | 'client', code: number | null): void
  /** A connection that was not taken. */
  refused(reason: RefusalReason): void
  readonly amqp: AmqpMetrics
  /** What is looked at when somebody reads: the sum of all that answer. Returns the removal. */
  sample(take: () => Sample): () => void
  /** Whether what the nodes share answers, asked at each reading. */
  watchEngine(isUp: () => Promise<boolean>): void
  /** Everything as JSON, to be joined with that of other processes by `exposition`. */
  read(): Promise<unknown>
  /** The few figures that say how this process does. */
  snapshot(): Snapshot
}

/** Only ever grows. */
export interface Counts {
  deliveries: number
  /** Frames written to sockets: publications and everything else. */
  bytes: number
}

export type PublicationSource = 'http' | 'client' | 'amqp' | 'internal'
export type RefusalReason = 'connections' | 'waiting' | 'address' | 'user' | 'rate' | 'shutdown' | 'credentials'

/** What there is at this moment. */
export interface Sample {
  readonly connections: readonly {
    readonly transport: string
    /** `waiting` before it has said who it is. */
    readonly kind: string
    readonly count: number
  }[]
  readonly channels: number
  readonly subscriptions: number
  /** Bytes that wait to be written to sockets. */
  readonly queueBytes: number
  /** Of the socket with the most. */
  readonly longestQueueBytes: number
}

export interface Snapshot {
  readonly connections: number
  readonly waiting: number
  readonly channels: number
  readonly subscriptions: number
  readonly queueBytes: number
  readonly publications: number
  readonly deliveries: number
  readonly bytes: number
  readonly slowCloses: number
  readonly refused: number
}

export interface MetricsOptions {
  /** Also measure the process itself: CPU time, memory, garbage collection, delay of the event loop. Default false. */
  readonly process?: boolean
}

export function createMetrics({ process = false }: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (process) collectDefaultMetrics({ register: registry })
  const counts: Counts = { deliveries: 0, bytes: 0 }
  const totals = { publications: 0, slowCloses: 0, refused: 0 }
  const samplers = new Set<() => Sample>()

  const publications = new Counter({
    name: 'carillon_publications_total',
    help: 'Publications taken, by namespace and by where they came from.',
    labelNames: ['namespace', 'source'],
    registers,
  })
  const publishSeconds = new Histogram({
    name: 'carillon_publish_duration_seconds',
    help: 'From the request to publish to the answer of the broker.',
    buckets: secondsBuckets,
    registers,
  })
  const fanOutSeconds = new Histogram({
    name: 'carillon_fan_out_duration_seconds',
    help: 'From the first publication of a turn to its last write to a socket.',
    buckets: secondsBuckets,
    registers,
  })
  const groupSize = new Histogram({
    name: 'carillon_history_group_size',
    help: 'Publications in one transaction of the history.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  })
  const groupSeconds = new Histogram({
    name: 'carillon_history_group_duration_seconds',
    help: 'How long one transaction of the history took.',
    buckets: secondsBuckets,
    registers,
  })
  const recoveries = new Counter({
    name: 'carillon_recoveries_total',
    help: 'Subscriptions that asked for what they missed, by whether they could be given it.',
    labelNames: ['result'],
    registers,
  })
  const commands = new Counter({
    name: 'carillon_commands_total',
    help: 'Commands of clients, by name.',
    labelNames: ['command'],
    registers,
  })
  const replyErrors = new Counter({
    name: 'carillon_reply_errors_total',
    help: 'Commands answered with an error, by code.',
    labelNames: ['code'],
    registers,
  })
  const closes = new Counter({
    name: 'carillon_closes_total',
    help: 'Connections that have ended, by who ended them and the close code.',
    labelNames: ['by', 'code'],
    registers,
  })
  const refusals = new Counter({
    name: 'carillon_refused_connections_total',
    help: 'Connections that were not taken, by reason.',
    labelNames: ['reason'],
    registers,
  })
  new Counter({
    name: 'carillon_deliveries_total',
    help: 'Publications handed to subscribers.',
    registers,
    collect() {
      this.reset()
      this.inc(counts.deliveries)
    },
  })
  new Counter({
    name: 'carillon_sent_bytes_total',
    help: 'Bytes of frames written to sockets.',
    registers,
    collect() {
      this.reset()
      this.inc(counts.bytes)
    },
  })
  new Gauge({
    name: 'carillon_connections',
    help: 'Connections by transport and by who is behind them; waiting ones have not said yet.',
    labelNames: ['transport', 'kind'],
    registers,
    // Everything that is sampled is set here, so that all connections are looked at once a reading.
    collect() {
      this.reset()
      const { connections, ...now } = sampled()
      for (const { transport, kind, count } of connections) this.inc({ transport, kind }, count)
      channels.set(now.channels)
      subscriptions.set(now.subscriptions)
      queueBytes.set(now.queueBytes)
      longestQueueBytes.set(now.longestQueueBytes)
    },
  })
  const channels = new Gauge({ name: 'carillon_channels', help: 'Channels with subscribers.', registers })
  const subscriptions = new Gauge({ name: 'carillon_subscriptions', help: 'Live subscriptions.', registers })
  const queueBytes = new Gauge({
    name: 'carillon_queue_bytes',
    help: 'Bytes that wait to be written to sockets.',
    registers,
  })
  const longestQueueBytes = new Gauge({
    name: 'carillon_longest_queue_bytes',
    help: 'Bytes that wait for the socket with the most of them.',
    registers,
    aggregator: 'max',
  })
  const commandCounts = new Map<string, Counter.Internal>()
  recoveries.inc({ result: 'hit' }, 0)
  recoveries.inc({ result: 'miss' }, 0)
  closes.inc({ by: 'server', code: slowCode }, 0)

  return {
    counts,
    amqp: createAmqpMetrics(registers),
    published({ namespace, source }, seconds) {
      totals.publications += 1
      publications.inc({ namespace, source })
      publishSeconds.observe(seconds)
    },
    fannedOut: (seconds) => fanOutSeconds.observe(seconds),
    committed(size, seconds) {
      groupSize.observe(size)
      groupSeconds.observe(seconds)
    },
    recovered: (isHit) => recoveries.inc({ result: isHit ? 'hit' : 'miss' }),
    command(command) {
      countOf(command).inc()
    },
    replyError: (code) => replyErrors.inc({ code: code < firstApplicationCode ? code : 'application' }),
    closed(by, code) {
      if (by === 'server' && code === slowCode) totals.slowCloses += 1
      // A client may send any of a thousand codes.
      closes.inc({ by, code: code === null ? 'none' : by === 'server' || usualCodes.has(code) ? code : 'other' })
    },
    refused(reason) {
      totals.refused += 1
      refusals.inc({ reason })
    },
    sample(take) {
      samplers.add(take)
      return () => void samplers.delete(take)
    },
    watchEngine(isUp) {
      new Gauge({
        name: 'carillon_engine_up',
        help: '1 when what the nodes share (with several, Redis) answers, else 0.',
        registers,
        // One process that cannot reach it is trouble.
        aggregator: 'min',
        async collect() {
          this.set((await isUp()) ? 1 : 0)
        },
      })
    },
    read: () => registry.getMetricsAsJSON(),
    snapshot() {
      const { connections, longestQueueBytes: _, ...now } = sampled()
      const waiting = sum(connections.filter(({ kind }) => kind === 'waiting'))
      return { connections: sum(connections) - waiting, waiting, ...now, ...totals, ...counts }
    },
    [Symbol.dispose]: () => registry.clear(),
  }

  /** Finding a counter by its labels costs more than counting. */
  function countOf(command: string): Counter.Internal {
    const known = commandCounts.get(command)
    if (known) return known
    const count = commands.labels({ command })
    commandCounts.set(command, count)
    return count
  }

  function sampled(): Sample {
    return [...samplers].map((take) => take()).reduce(together, nothing)
  }
}

const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const slowCode = 3008
const firstApplicationCode = 400
/** Close codes that clients send, or that stand for how a socket ended. */
const usualCodes = new Set([1000, 1001, 1005, 1006, 1009])

const nothing: Sample = { connections: [], channels: 0, subscriptions: 0, queueBytes: 0, longestQueueBytes: 0 }

function together(a: Sample, b: Sample): Sample {
  return {
    connections: [...a.connections, ...b.connections],
    channels: a.channels + b.channels,
    subscriptions: a.subscriptions + b.subscriptions,
    queueBytes: a.queueBytes + b.queueBytes,
    longestQueueBytes: Math.max(a.longestQueueBytes, b.longestQueueBytes),
  }
}

function sum(connections: Sample['connections']): number {
  return connections.reduce((total, { count }) => total + count, 0)
}
