import type { Verbs } from './verbs.ts'
import { fromWire, toWire, type WireError } from './wire-error.ts'

/**
 * One end of the conversation between the primary and a worker: calls with answers and notes without, in the order in
 * which they were made. What is said in one turn of the event loop travels as one message.
 */
export interface Peer<Theirs extends Verbs, Ours extends Verbs> extends Disposable {
  /** Rejects with the other side's error, or with a `PeerError`. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    args: Parameters<Theirs[Name]>,
    timeoutMs?: number,
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>
  /** Says something that needs no answer. */
  note<Name extends keyof Theirs & string>(name: Name, ...args: Parameters<Theirs[Name]>): void
  /**
   * A note that the other side can do without: false while too much waits for it, and then it was not said. Once
   * nothing waits any more `onCaughtUp` is called.
   */
  offer<Name extends keyof Theirs & string>(name: Name, ...args: Parameters<Theirs[Name]>): boolean
  /** What this side does when it is asked; may be called several times with different verbs. */
  serve(verbs: Partial<Ours>): void
  /** Takes in one message of the other side. */
  receive(frames: readonly Frame[]): void
}

/** `full`: too many calls wait. `timeout`: no answer in time. `closed`: the other process is no more. */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: 'full' | 'timeout' | 'closed'
  constructor(code: PeerError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** A note has id 0. */
export type Frame =
  | readonly [kind: 'ask', id: number, name: string, args: readonly unknown[]]
  | readonly [kind: 'answer', id: number, value: unknown]
  | readonly [kind: 'error', id: number, error: WireError]

export interface PeerOptions {
  /** Hands a message over; `sent` is called when it no longer takes up memory here. */
  readonly send: (frames: readonly Frame[], sent: () => void) => void
  /** Notes failed here: there is nobody to be told. */
  readonly onError: (error: unknown, name: string) => void
  readonly onCaughtUp?: () => void
  /** What may wait to be handed over before offers are refused, about, in bytes. Default 16 MiB. */
  readonly maxOfferedBytes?: number
  /** Calls that may wait for their answers. Default 20,000. */
  readonly maxCalls?: number
  /** What may wait to be handed over before calls are refused, about, in bytes. Default no bound. */
  readonly maxCalledBytes?: number
  /** Default 10,000. */
  readonly timeoutMs?: number
}

/** About what one message carries at most, so that neither side is held up by one. */
const messageBytes = 256 * 1024

export function createPeer<Theirs extends Verbs, Ours extends Verbs>(options: PeerOptions): Peer<Theirs, Ours> {
  const { send, onError, onCaughtUp, maxOfferedBytes = 16 * 1024 * 1024, maxCalls = 20_000 } = options
  const { maxCalledBytes = Number.POSITIVE_INFINITY } = options
  const verbs = new Map<string, (...args: unknown[]) => unknown>()
  const calls = new Map<number, Waiting>()
  let queue: Frame[] = []
  let queuedBytes = 0
  /** Queued and handed over, until it has left this process. */
  let waitingBytes = 0
  let lastId = 0
  let isBehind = false
  let isClosed = false
  let flushing: NodeJS.Immediate | null = null

  return {
    call(name, args, timeoutMs = options.timeoutMs ?? 10_000) {
      if (isClosed) return Promise.reject(closed())
      if (calls.size >= maxCalls || waitingBytes > maxCalledBytes) {
        return Promise.reject(new PeerError('full', 'Too much waits for the main process. Try again later.'))
      }
      const id = ++lastId
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          calls.delete(id)
          reject(new PeerError('timeout', `No answer from the other process (${name}). Try again later.`))
        }, timeoutMs)
        calls.set(id, { resolve: resolve as (value: unknown) => void, reject, timer })
        push(['ask', id, name, args])
      })
    },
    note: (name, ...args) => push(['ask', 0, name, args]),
    offer(name, ...args) {
      if (waitingBytes > maxOfferedBytes) isBehind = true
      if (!isBehind) push(['ask', 0, name, args])
      return !isBehind
    },
    serve(more) {
      for (const [name, verb] of Object.entries(more)) verbs.set(name, verb as (...args: unknown[]) => unknown)
    },
    receive(frames) {
      if (isClosed) return
      for (const frame of frames) take(frame)
    },
    [Symbol.dispose]() {
      if (isClosed) return
      isClosed = true
      if (flushing !== null) clearImmediate(flushing)
      queue = []
      for (const { reject, timer } of calls.values()) {
        clearTimeout(timer)
        reject(closed())
      }
      calls.clear()
    },
  }

  function take(frame: Frame): void {
    const [kind, id] = frame
    if (kind === 'ask') {
      void perform(id, frame[2], frame[3])
      return
    }
    const waiting = calls.get(id)
    if (waiting === undefined) return // it came too late
    calls.delete(id)
    clearTimeout(waiting.timer)
    if (kind === 'answer') waiting.resolve(frame[2])
    else waiting.reject(fromWire(frame[2]))
  }

  /** The verb runs before this returns, so that what is said in order is done in order. */
  async function perform(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const verb = verbs.get(name)
      if (verb === undefined) throw new Error(`this process does not know ${name}`)
      const value = await verb(...args)
      if (id !== 0) push(['answer', id, value])
    } catch (error) {
      if (id === 0) onError(error, name)
      else push(['error', id, toWire(error)])
    }
  }

  function push(frame: Frame): void {
    if (isClosed) return
    const bytes = frameBytes + weigh(frame[0] === 'ask' ? frame[3] : frame[2])
    queue.push(frame)
    queuedBytes += bytes
    waitingBytes += bytes
    flushing ??= setImmediate(flush)
    if (queuedBytes >= messageBytes) handOver()
  }

  function flush(): void {
    flushing = null
    handOver()
  }

  function handOver(): void {
    if (queue.length === 0) return
    const frames = queue
    const bytes = queuedBytes
    queue = []
    queuedBytes = 0
    send(frames, () => {
      waitingBytes -= bytes
      if (!isBehind || waitingBytes > 0 || isClosed) return
      isBehind = false
      onCaughtUp?.()
    })
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const frameBytes = 64

/** About how much memory a value takes while it waits. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let bytes = 16
  for (const part of Object.values(value)) bytes += weigh(part)
  return bytes
}

function closed(): PeerError {
  return new PeerError('closed', 'The other process is no more. Try again later.')
}
