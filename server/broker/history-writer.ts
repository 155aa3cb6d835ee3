import type { HistoryPolicy, NewPublication, Publication, Published } from './broker.ts'
import { BrokerError } from './broker-error.ts'
import type { HistoryTables, StreamHead } from './history-tables.ts'

/**
 * Group commit: what arrives in one turn of the event loop becomes one transaction, and is answered when that has
 * committed. Nothing here ever waits inside SQLite: when another handle holds the lock, the group is tried again later.
 */
export interface HistoryWriter {
  publish(channel: string, policy: HistoryPolicy, publication: NewPublication): Promise<Published>
  /** Notes that the channel's stream, if it has one, is still in use. */
  touch(channel: string): Promise<void>
  /** Makes all that is kept of a channel invisible. */
  clear(channel: string): Promise<void>
  /** Writes what waits, then refuses everything. */
  close(): Promise<void>
}

export interface HistoryWriterOptions {
  readonly tables: HistoryTables
  readonly clock: () => number
  /** Called in offset order once the transaction has committed, before the publisher is answered. */
  readonly onCommitted: (channel: string, publication: Publication, epoch: string) => void
  /** Called after each committed group, with what it added to each stream, by stream id, and in bytes. */
  readonly onGroup: (growth: ReadonlyMap<number, StreamGrowth>, bytes: number) => void
  /** Told how many jobs one transaction did, and in how many seconds. */
  readonly onWritten?: ((jobs: number, seconds: number) => void) | undefined
  /** Publications that may wait, and their size together. More are refused with `full`. Default 10,000 and 64 MiB. */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
  /** How long the database may be locked or unwritable before publishers are told. Default 5,000. */
  readonly patienceMs?: number
}

export interface StreamGrowth {
  readonly keep: number
  readonly added: number
  /** Whether what it had was removed. */
  readonly cleared: boolean
}

/** Bounds of one transaction, so that neither SQLite nor the fan-out behind it holds the event loop for long. */
const groupSize = 500
const groupBytes = 512 * 1024
const retryDelayMs = { first: 2, longest: 50 }
const sqliteBusy = 5

export function createHistoryWriter({
  tables,
  clock,
  onCommitted,
  onGroup,
  onWritten,
  maxWaiting = 10_000,
  maxWaitingBytes = 64 * 1024 * 1024,
  patienceMs = 5_000,
}: HistoryWriterOptions): HistoryWriter {
  let waiting: Job[] = []
  let waitingBytes = 0
  let scheduled = false
  let retryDelay = 0
  let closed = false
  let whenIdle: (() => void) | undefined

  return {
    publish(channel, policy, publication) {
      if (closed) return Promise.reject(closing())
      const bytes = Buffer.byteLength(publication.data)
      if (waiting.length >= maxWaiting || waitingBytes + bytes > maxWaitingBytes) return Promise.reject(full())
      return new Promise((resolve, reject) => {
        enqueue({ kind: 'publication', channel, policy, publication, bytes, resolve, reject, giveUpAt: giveUpAt() })
      })
    },
    touch: (channel) => note('touch', channel),
    clear: (channel) => note('clear', channel),
    async close() {
      closed = true
      if (waiting.length > 0) await new Promise<void>((resolve) => (whenIdle = resolve))
    },
  }

  function note(kind: NoteJob['kind'], channel: string): Promise<void> {
    if (closed) return Promise.reject(closing())
    if (waiting.length >= maxWaiting) return Promise.reject(full())
    return new Promise((resolve, reject) => {
      enqueue({ kind, channel, bytes: 0, resolve, reject, giveUpAt: giveUpAt() })
    })
  }

  function giveUpAt(): number {
    return performance.now() + patienceMs
  }

  function enqueue(job: Job): void {
    waiting.push(job)
    waitingBytes += job.bytes
    schedule()
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    if (retryDelay === 0) setImmediate(flush)
    else setTimeout(flush, retryDelay)
  }

  function flush(): void {
    scheduled = false
    const group = nextGroup()
    const begun = performance.now()
    let written: WrittenGroup
    try {
      written = tables.transaction(() => writeGroup(group))
    } catch (error) {
      afterFailure(group, error)
      return
    }
    onWritten?.(group.length, (performance.now() - begun) / 1000)
    retryDelay = 0
    settle(group.length, () => answer(written.done))
    onGroup(
      written.growth,
      group.reduce((bytes, job) => bytes + job.bytes, 0),
    )
  }

  function nextGroup(): readonly Job[] {
    let bytes = 0
    const end = waiting.findIndex((job, index) => {
      bytes += job.bytes
      return index === groupSize || (index > 0 && bytes > groupBytes)
    })
    return end === -1 ? waiting.slice() : waiting.slice(0, end)
  }

  /** Inside the transaction. Offsets live in this call only, so a rollback burns none. */
  function writeGroup(group: readonly Job[]): WrittenGroup {
    const now = clock()
    const streams = new Map<string, OpenStream>()
    const done = group.map((job): Done => {
      if (job.kind !== 'publication') {
        const stream = knownStream(streams, job.channel)
        if (stream && job.kind === 'clear') stream.floor = stream.top
        return { job }
      }
      const stream = openStream(streams, job, now)
      const { idempotencyKey } = job.publication
      const earlier = idempotencyKey === undefined ? undefined : tables.offsetOfKey(stream.head.id, idempotencyKey)
      if (earlier !== undefined) return { job, published: published(earlier, stream, true) }
      if (!takeVersion(stream, job.publication)) return { job, published: published(stream.top, stream, true) }
      stream.top += 1
      stream.policy = job.policy
      tables.append(stream.head.id, stream.top, now, job.publication)
      return { job, published: published(stream.top, stream, false), committed: committed(job, stream.top, now) }
    })
    for (const { head, top, policy, floor, version } of streams.values()) {
      if (top > head.top && policy) tables.advance(head.id, top, policy.size, policy.ttlSeconds * 1000, now)
      else tables.touch(head.id, now)
      if (floor > head.floor) tables.raiseFloor(head.id, floor)
      if (version) tables.setVersion(head.id, version.number, version.epoch)
    }
    return { done, growth: new Map([...streams.values()].map(growthOf)) }
  }

  function openStream(streams: Map<string, OpenStream>, job: PublicationJob, now: number): OpenStream {
    const known = knownStream(streams, job.channel)
    if (known) return known
    const { size, ttlSeconds } = job.policy
    return opened(streams, job.channel, tables.create(job.channel, size, ttlSeconds * 1000, now))
  }

  /** Undefined for a channel that nobody has published to. */
  function knownStream(streams: Map<string, OpenStream>, channel: string): OpenStream | undefined {
    const known = streams.get(channel)
    if (known) return known
    const head = tables.head(channel)
    return head && opened(streams, channel, head)
  }

  function answer(done: readonly Done[]): void {
    for (const entry of done) {
      if (!('published' in entry)) {
        entry.job.resolve()
        continue
      }
      if (entry.committed) onCommitted(entry.job.channel, entry.committed, entry.published.epoch)
      entry.job.resolve(entry.published)
    }
  }

  function afterFailure(group: readonly Job[], error: unknown): void {
    if (!isBusy(error)) {
      settle(group.length, () => rejectAll(group, writeFailed(error)))
      return
    }
    const now = performance.now()
    const patient = waiting.findIndex((job) => job.giveUpAt > now)
    const expired = patient === -1 ? waiting.slice() : waiting.slice(0, patient)
    retryDelay = Math.min(Math.max(retryDelay * 2, retryDelayMs.first), retryDelayMs.longest)
    settle(expired.length, () => rejectAll(expired, writeFailed(error)))
  }

  /** Takes the first `count` jobs off the queue, answers them, and goes on with the rest. */
  function settle(count: number, answerThem: () => void): void {
    const rest = waiting.slice(count)
    for (const job of waiting.slice(0, count)) waitingBytes -= job.bytes
    waiting = rest
    answerThem()
    if (waiting.length > 0) schedule()
    else whenIdle?.()
  }
}

interface JobBase {
  readonly channel: string
  readonly bytes: number
  readonly giveUpAt: number
  readonly reject: (error: BrokerError) => void
}
interface PublicationJob extends JobBase {
  readonly kind: 'publication'
  readonly policy: HistoryPolicy
  readonly publication: NewPublication
  readonly resolve: (published: Published) => void
}
interface NoteJob extends JobBase {
  readonly kind: 'touch' | 'clear'
  readonly resolve: () => void
}
type Job = PublicationJob | NoteJob

type Done =
  | { readonly job: NoteJob }
  /** `committed` is absent for a duplicate: nobody is told of it again. */
  | { readonly job: PublicationJob; readonly published: Published; readonly committed?: Publication }

interface WrittenGroup {
  readonly done: readonly Done[]
  readonly growth: ReadonlyMap<number, StreamGrowth>
}

interface OpenStream {
  readonly head: StreamHead
  top: number
  floor: number
  /** What was published last goes by it; null while nothing has been. */
  policy: HistoryPolicy | null
  /** The highest version this group has brought; null while it brought none. */
  version: { readonly number: number; readonly epoch: string } | null
}

function opened(streams: Map<string, OpenStream>, channel: string, head: StreamHead): OpenStream {
  const stream: OpenStream = { head, top: head.top, floor: head.floor, policy: null, version: null }
  streams.set(channel, stream)
  return stream
}

/** Whether a publication is newer than all before it, which it is when it says nothing of versions. */
function takeVersion(stream: OpenStream, { version, versionEpoch: epoch = '' }: NewPublication): boolean {
  if (version === undefined) return true
  const { head } = stream
  const known =
    stream.version ?? (head.version === null ? null : { number: head.version, epoch: head.versionEpoch ?? '' })
  if (known && known.epoch === epoch && version <= known.number) return false
  stream.version = { number: version, epoch }
  return true
}

function published(offset: number, stream: OpenStream, duplicate: boolean): Published {
  return { offset, epoch: stream.head.epoch, duplicate }
}

function committed({ publication }: PublicationJob, offset: number, time: number): Publication {
  return { offset, data: publication.data, tags: publication.tags ?? null, info: publication.info ?? null, time }
}

function growthOf({ head, top, policy, floor }: OpenStream): [number, StreamGrowth] {
  return [head.id, { keep: policy?.size ?? 0, added: top - head.top, cleared: floor > head.floor }]
}

function rejectAll(jobs: readonly Job[], error: BrokerError): void {
  for (const job of jobs) job.reject(error)
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === sqliteBusy
}

function writeFailed(cause: unknown): BrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new BrokerError('write_failed', `The publication could not be written (${reason}). Try again later.`, {
    cause,
  })
}

function full(): BrokerError {
  return new BrokerError('full', 'Too many publications wait to be written. Publish more slowly, or try again later.')
}

function closing(): BrokerError {
  return new BrokerError('closed', 'The server is shutting down. Try again when it is back.')
}
